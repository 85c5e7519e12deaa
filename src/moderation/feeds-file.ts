import { UserError } from '../errors.ts'

/** The path of the list of feeds. @throws UserError 'bad-config' when none is set */
export function feedsFileOf(feedsFile: string | undefined): string {
  if (feedsFile !== undefined) return feedsFile
  throw new UserError(
    'bad-config',
    'No list of feeds is set.',
    'Set FEEDS to a YAML file such as:\n- url: https://courier.example.org/rss\n  outlet: Harlow Courier',
  )
}
