import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../errors.ts'

export type HealthSource = {
  /** Whether questions can be answered now; if not, why. */
  ready(): Promise<{ readonly ready: boolean; readonly why?: string }>
  /** Prometheus text. */
  metrics(): Promise<string>
}

export type HealthServer = { readonly port: number; close(): Promise<void> }

/**
 * Serves `/healthz` (the process runs), `/readyz` (it can answer; 503 and the reason otherwise) and `/metrics`.
 * @param port 0 for any free one  @throws UserError 'bad-config' when the port is taken
 */
export async function serveHealth(port: number, source: HealthSource): Promise<HealthServer> {
  const routes: Readonly<Record<string, () => Promise<{ status: number; type: string; text: string }>>> = {
    '/healthz': () => Promise.resolve({ status: 200, type: 'text/plain', text: 'ok\n' }),
    '/readyz': async () => {
      const { ready, why } = await source.ready()
      return { status: ready ? 200 : 503, type: 'text/plain', text: `${ready ? 'ready' : (why ?? 'not ready')}\n` }
    },
    '/metrics': async () => ({ status: 200, type: 'text/plain; version=0.0.4', text: await source.metrics() }),
  }
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? '/').split('?')[0] ?? '/']
    const respond = ({ status, type, text }: { status: number; type: string; text: string }) => {
      response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : text)
    }
    if (route === undefined) return respond({ status: 404, type: 'text/plain', text: 'not found\n' })
    route().then(respond, (error: unknown) => respond({ status: 500, type: 'text/plain', text: `${String(error)}\n` }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new UserError(
          'bad-config',
          `HEALTH_PORT ${port} cannot be served: ${cause.message}`,
          'Choose a free port, or stop what is using this one.',
          { cause },
        ),
      ),
    )
    server.listen(port, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
