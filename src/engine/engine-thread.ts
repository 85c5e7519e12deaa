import type { EngineConfig } from '../engine.ts'
import { serve } from '../thread/serve.ts'
import { openLocalEngine } from './local-engine.ts'

// The thread that ranks: the one that answers people stays free.
await serve((config: EngineConfig, onProblem) => openLocalEngine({ ...config, onProblem }))
