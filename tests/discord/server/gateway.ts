import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { guildPayload, userPayload } from './payloads.ts'
import type { Guild, World } from './world.ts'

type Frame = { readonly op: number; readonly d?: unknown; readonly s?: number | null; readonly t?: string | null }

type Session = {
  readonly id: string
  readonly shard: readonly [number, number]
  sequence: number
  /** Events, for a resume. */
  readonly sent: Frame[]
  socket: WebSocket | undefined
  /** A zombie: the connection is open, and nothing comes over it any more. */
  deaf: boolean
}

/** The gateway as a test steers it. */
export type Gateway = {
  /** Every identify that was accepted, oldest first. */
  readonly identifies: readonly { readonly intents: number; readonly shard: readonly [number, number] }[]
  readonly resumes: number
  readonly heartbeats: number
  /** Connections that are open and have a session. */
  readonly connected: number
  /** Ends connections: `cut` as a lost network does, `reconnect` by asking for it, `invalidate` so that only a new identify helps. */
  drop(how: 'cut' | 'reconnect' | 'invalidate'): void
  /** Keeps connections open and stops answering on them: heartbeats stay unacknowledged, events are held back. */
  goDeaf(): void
  /** While true, new connections are turned away. */
  refusing: boolean
  dispatch(event: string, payload: unknown, guild: Guild | undefined): boolean
  /** Lets go of the events that were sent: a session that is resumed misses them. */
  forget(): void
  shutDown(): void
}

const PRIVILEGED_INTENTS = (1 << 1) | (1 << 8) | (1 << 15)

export function createGateway(world: World, http: Server, url: () => string, heartbeatMs: number): Gateway {
  const sockets = new WebSocketServer({ noServer: true })
  const sessions = new Map<string, Session>()
  const identifies: { intents: number; shard: readonly [number, number] }[] = []
  let resumes = 0
  let heartbeats = 0
  let refusing = false

  const send = (socket: WebSocket | undefined, frame: Frame) => {
    if (socket?.readyState === 1) socket.send(JSON.stringify({ s: null, t: null, ...frame }))
  }
  const emit = (session: Session, event: string, payload: unknown) => {
    const frame = { op: 0, t: event, s: ++session.sequence, d: payload }
    session.sent.push(frame)
    if (!session.deaf) send(session.socket, frame)
  }
  const shardOf = (guild: Guild | undefined, count: number) =>
    guild === undefined ? 0 : Number((BigInt(guild.id) >> 22n) % BigInt(count))

  const identify = (socket: WebSocket, payload: Record<string, unknown>): Session | undefined => {
    if (payload['token'] !== world.application.token) {
      socket.close(4004, 'Authentication failed.')
      return undefined
    }
    const intents = Number(payload['intents'])
    if ((intents & PRIVILEGED_INTENTS) !== 0) {
      socket.close(4014, 'Disallowed intent(s).')
      return undefined
    }
    const shard = (payload['shard'] as [number, number] | undefined) ?? [0, 1]
    identifies.push({ intents, shard })
    const session: Session = { id: world.nextId(), shard, sequence: 0, sent: [], socket, deaf: false }
    for (const other of sessions.values())
      if (other.shard[0] === shard[0] && other.shard[1] === shard[1]) sessions.delete(other.id)
    sessions.set(session.id, session)
    const guilds = world.guilds.filter((guild) => shardOf(guild, shard[1]) === shard[0])
    emit(session, 'READY', {
      v: 10,
      user: userPayload(world, 'bot'),
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: url(),
      shard,
      application: { id: world.application.id, flags: 0 },
    })
    for (const guild of guilds) emit(session, 'GUILD_CREATE', guildPayload(world, guild))
    return session
  }

  const resume = (socket: WebSocket, payload: Record<string, unknown>): Session | undefined => {
    const session = sessions.get(String(payload['session_id']))
    if (session === undefined || payload['token'] !== world.application.token) {
      send(socket, { op: 9, d: false })
      return undefined
    }
    resumes++
    session.socket = socket
    session.deaf = false
    for (const frame of session.sent) if ((frame.s ?? 0) > Number(payload['seq'])) send(socket, frame)
    emit(session, 'RESUMED', {})
    return session
  }

  const onConnection = (socket: WebSocket) => {
    let session: Session | undefined
    send(socket, { op: 10, d: { heartbeat_interval: heartbeatMs } })
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Frame
      if (frame.op === 1) {
        heartbeats++
        if (session?.deaf !== true) send(socket, { op: 11 })
      } else if (frame.op === 2) session = identify(socket, frame.d as Record<string, unknown>)
      else if (frame.op === 6) session = resume(socket, frame.d as Record<string, unknown>)
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', (code) => {
      if (session?.socket !== socket) return
      session.socket = undefined
      // A client that says goodbye ends its session; one that is cut off may come back for it.
      if (code === 1000 || code === 1001) sessions.delete(session.id)
    })
  }

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (refusing || !(request.url ?? '').startsWith('/gateway')) return void socket.destroy()
    sockets.handleUpgrade(request, socket, head, onConnection)
  })

  return {
    identifies,
    get resumes() {
      return resumes
    },
    get heartbeats() {
      return heartbeats
    },
    get connected() {
      return [...sessions.values()].filter((session) => session.socket !== undefined).length
    },
    get refusing() {
      return refusing
    },
    set refusing(value) {
      refusing = value
    },
    drop: (how) => {
      for (const session of [...sessions.values()]) {
        const { socket } = session
        if (how === 'cut') socket?.terminate()
        else if (how === 'reconnect') send(socket, { op: 7 })
        else {
          sessions.delete(session.id)
          send(socket, { op: 9, d: false })
        }
      }
    },
    goDeaf: () => {
      for (const session of sessions.values()) session.deaf = true
    },
    dispatch: (event, payload, guild) => {
      let reached = false
      for (const session of sessions.values()) {
        if (shardOf(guild, session.shard[1]) !== session.shard[0]) continue
        emit(session, event, payload)
        reached = true
      }
      return reached
    },
    forget: () => {
      for (const session of sessions.values()) session.sent.length = 0
    },
    shutDown: () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }
}
