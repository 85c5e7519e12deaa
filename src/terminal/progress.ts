import { MultiBar, Presets } from 'cli-progress'

/** How far a long piece of work is: a stage, how many of its parts are done, of how many (0: not known yet). */
export type Progress = { readonly stage: string; readonly done: number; readonly total: number }

/** Shows progress until it is stopped. */
export type ProgressDisplay = { update(progress: Progress): void; stop(): void }

/** Where a stage's rate is counted in, e.g. "sentences". */
const REDRAW_MS = 100

/**
 * A progress bar on a stream: one line a stage, with rate and time left. Where the stream is not a terminal, a stage
 * is named once when it begins, so that a log stays readable.
 */
export function showProgress(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? drawBars(stream) : nameStages(stream)
}

function drawBars(stream: NodeJS.WriteStream): ProgressDisplay {
  const bars = new MultiBar(
    {
      stream,
      format: '  {stage} {bar} {value}/{total} · {rate}/s · {left}',
      fps: 1000 / REDRAW_MS,
      hideCursor: true,
      clearOnComplete: false,
      barsize: 24,
      etaBuffer: 50,
    },
    Presets.rect,
  )
  const stages = new Map<string, { bar: ReturnType<MultiBar['create']>; startedAt: number }>()
  return {
    update({ stage, done, total }) {
      const of = Math.max(total, done, 1)
      let shown = stages.get(stage)
      if (shown === undefined) {
        shown = { bar: bars.create(of, done, payload(stage, done, of, 0)), startedAt: performance.now() }
        stages.set(stage, shown)
      }
      shown.bar.setTotal(of)
      shown.bar.update(done, payload(stage, done, of, performance.now() - shown.startedAt))
    },
    stop: () => {
      bars.stop()
    },
  }
}

function payload(stage: string, done: number, total: number, elapsedMs: number): object {
  const perSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0
  const left = perSecond > 0 ? Math.ceil((total - done) / perSecond) : undefined
  return {
    stage: stage.padEnd(10),
    rate: perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1),
    left:
      done >= total ? `${(elapsedMs / 1000).toFixed(1)} s` : left === undefined ? '…' : `${formatSeconds(left)} left`,
  }
}

function nameStages(stream: NodeJS.WriteStream): ProgressDisplay {
  const named = new Set<string>()
  return {
    update({ stage, total }) {
      if (named.has(stage)) return
      named.add(stage)
      stream.write(total > 0 ? `${stage}: ${total}\n` : `${stage}\n`)
    },
    stop: () => undefined,
  }
}

/** Seconds for people: "42 s", "3 min 5 s". */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
