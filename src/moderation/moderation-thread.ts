import { serve } from '../thread/serve.ts'
import { openLocalModeration } from './local-moderation.ts'
import type { ModerationConfig } from './moderation.ts'

await serve((config: ModerationConfig) => Promise.resolve(openLocalModeration(config)))
