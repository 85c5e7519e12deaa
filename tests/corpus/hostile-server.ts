import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** A web server on this machine that does what each test tells it, and what it was asked. */
export type HostileServer = {
  readonly origin: string
  readonly port: number
  /** Paths in the order they were asked for; for a proxy, whole URLs and `CONNECT host:port`. */
  readonly asked: readonly string[]
  readonly requests: readonly IncomingMessage[]
  close(): Promise<void>
}

export async function openServer(answer: RequestListener): Promise<HostileServer> {
  const asked: string[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    requests.push(request)
    response.on('error', () => undefined)
    answer(request, response)
  })
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`)
    socket.on('error', () => undefined)
    const upstream = connect(tunnelTarget, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
  })
  let tunnelTarget = 0
  await listen(server)
  const { port } = server.address() as AddressInfo
  tunnelTarget = port
  return {
    origin: `http://127.0.0.1:${String(port)}`,
    port,
    asked,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
}

/** Writes for as long as the other side listens, never faster than it reads. */
export function writeForever(response: ServerResponse, piece: Uint8Array): void {
  const go = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', go)
  }
  go()
}

/** Writes a byte now and then, for as long as the other side listens. */
export function drip(response: ServerResponse, everyMs: number): void {
  const timer = setInterval(() => response.write('.'), everyMs)
  response.on('close', () => {
    clearInterval(timer)
  })
}
