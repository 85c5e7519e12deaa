import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  readonly registry: Registry
  /** A command, button or modal was answered. @param seconds from its arrival to the delivered answer */
  answered(command: string, outcome: string, seconds: number): void
  acknowledged(seconds: number): void
  /** A request of Discord's ended without an answer. */
  lost(): void
  coolingDown(): void
  /** Somebody was asked to come back, because too many were waiting. */
  shed(): void
  /** Left without any response: Discord had forgotten it, or there was too much even to turn it away. */
  dropped(): void
  withheld(): void
}

/** Values that are read when they are asked for. */
export type MetricSources = {
  readonly gatewayReady: () => boolean
  readonly servers: () => number
  /** The index that answers: its generation and when it was built (ISO date-time). */
  readonly index: () => Promise<{ readonly generation: number; readonly builtAt: string }>
  readonly votes: () => { readonly useful: number; readonly notUseful: number }
  readonly running: () => number
}

/** Prometheus metrics of one bot process, in a registry of their own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const interactions = new Counter({
    name: 'verbatim_interactions_total',
    help: 'Commands, buttons and modals answered, by how the answer ended',
    labelNames: ['command', 'outcome'],
    registers,
  })
  const latency = new Histogram({
    name: 'verbatim_answer_seconds',
    help: 'From an interaction’s arrival to its delivered answer',
    labelNames: ['command'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60],
    registers,
  })
  const acknowledgement = new Histogram({
    name: 'verbatim_acknowledgement_seconds',
    help: 'From an interaction’s arrival to its acknowledgement; Discord waits three seconds',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3],
    registers,
  })
  const lost = new Counter({ name: 'verbatim_lost_total', help: 'Answers that Discord no longer took', registers })
  const cooled = new Counter({ name: 'verbatim_cooldowns_total', help: 'Questions asked too soon', registers })
  const shed = new Counter({
    name: 'verbatim_shed_total',
    help: 'Questions refused because too many waited',
    registers,
  })
  const dropped = new Counter({
    name: 'verbatim_dropped_total',
    help: 'Interactions left without a response: forgotten by Discord meanwhile, or too many even to be refused',
    registers,
  })
  const withheld = new Counter({
    name: 'verbatim_withheld_quotes_total',
    help: 'Quoted spans that were not verbatim any more when they were to be sent, and were not sent',
    registers,
  })
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read())
      },
    })
  gauge('verbatim_gateway_ready', '1 while the gateway is connected', () => (sources.gatewayReady() ? 1 : 0))
  gauge('verbatim_servers', 'Servers the bot is in', sources.servers)
  gauge('verbatim_running', 'Interactions being answered now', sources.running)
  gauge('verbatim_index_generation', 'The generation of the index that answers', async () => {
    return (await sources.index()).generation
  })
  gauge('verbatim_index_age_seconds', 'Since that generation was built', async () => {
    return (Date.now() - Date.parse((await sources.index()).builtAt)) / 1000
  })
  new Gauge({
    name: 'verbatim_votes',
    help: 'What readers said of passages',
    labelNames: ['verdict'],
    registers,
    collect() {
      const { useful, notUseful } = sources.votes()
      this.set({ verdict: 'useful' }, useful)
      this.set({ verdict: 'not useful' }, notUseful)
    },
  })
  return {
    registry,
    answered: (command, outcome, seconds) => {
      interactions.inc({ command, outcome })
      latency.observe({ command }, seconds)
    },
    acknowledged: (seconds) => acknowledgement.observe(seconds),
    lost: () => lost.inc(),
    coolingDown: () => cooled.inc(),
    shed: () => shed.inc(),
    dropped: () => dropped.inc(),
    withheld: () => withheld.inc(),
  }
}
