/**
 * What single lines of a page look like, told by their wording and shape alone. English wording; no names of sites.
 * Every rule is bound in length or anchored at both ends, so that a sentence which only mentions such words stays.
 */

/** A sentence ends here: final punctuation, with closing quotes or brackets behind it. */
const SENTENCE_END = /[.!?:。！？]["'”’»)\]*]*$/

/** A line that goes on where nobody wrote on: a teaser cut by a template. */
const CUT_OFF = /(\.\.\.|…)["'”’)\]]*$|\[(\.\.\.|…|\+\d+ chars)\]$/

const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’.-]*/gu

/** Words of a line; a number is a word. */
export function wordsOf(line: string): readonly string[] {
  return line.match(WORD) ?? []
}

export function endsSentence(line: string): boolean {
  return SENTENCE_END.test(line.slice(-12)) && !isCutOff(line)
}

export function isCutOff(line: string): boolean {
  return CUT_OFF.test(line.slice(-24))
}

/**
 * Whether a line reads like article text: a sentence of eight words or more, mostly in lower case, that comes to its
 * end. Headlines, captions cut short, menus, teasers and one loud sentence of an advertisement do not.
 */
export function isProse(line: string): boolean {
  if (!endsSentence(line)) return false
  const words = wordsOf(line)
  if (words.length < 15 && /^[^.!?“”"]*!$/.test(line)) return false
  return words.length >= 8 && share(words, (word) => /^\p{Ll}/u.test(word)) >= 0.4
}

/** Whether nearly all letters are capitals, in four words or more: a link set between paragraphs, or a loud headline. */
export function isAllCaps(line: string): boolean {
  const letters = line.match(/\p{L}/gu) ?? []
  return wordsOf(line).length >= 4 && letters.length >= 12 && share(letters, (l) => /\p{Lu}/u.test(l)) >= 0.85
}

/** Whether the words that matter start with capitals, as in the headlines of many outlets. */
export function isTitleCase(line: string): boolean {
  const words = wordsOf(line).filter((word) => word.length >= 4 && /^\p{L}/u.test(word))
  return words.length >= 3 && share(words, (word) => /^\p{Lu}/u.test(word)) >= 0.8
}

function share<T>(values: readonly T[], test: (value: T) => boolean): number {
  return values.length === 0 ? 0 : values.filter(test).length / values.length
}

/** Square-bracket codes of page builders that were left in the text: `[ad_1]`, `[caption id="…"]`, `[/embed]`. */
const SHORTCODE =
  /\[\/?(?:ads?|ad[_-]\w+|caption|embed|gallery|video|audio|playlist|contact-form|adrotate|quads|vc_\w+|et_pb_\w+|sc\w*|wp\w*)(?:[\s_=:-][^\]\n]{0,200})?\]/giu

/** A line without page builders' codes, trimmed. */
export function withoutShortcodes(line: string): string {
  return line.includes('[') ? line.replace(SHORTCODE, '').trim() : line
}

/** `text` said twice or more with nothing between: a widget's label run together; gives the label. */
export function repeatedLabel(line: string): string | undefined {
  if (line.length > 600 || !line.includes(line.slice(0, 4), 4)) return undefined
  for (let size = 4; size <= Math.min(80, line.length / 2); size++) {
    const label = line.slice(0, size)
    if (line.replaceAll(label, '').trim() === '' && wordsOf(label).length >= 1 && /\p{L}{3}/u.test(label))
      return label.trim()
  }
  return undefined
}

const COMMENT_HEADING =
  /^(leave (a |your )?(reply|comment)s?|post (a )?comment|add (a |your )?comment|write a comment|join the (conversation|discussion)|(view |show |hide |\d+ |load )?(all )?comments?( \(\d+\))?|\d+ (responses?|repl(y|ies))|\d+ thoughts on\b.{0,200}|have your say|what do you think\?|comments are closed\.?)( on\b.{0,160}| to\b.{0,160}| cancel reply)?[:.]?$/i

const RELATED_HEADING =
  /^((related|similar|recommended|suggested|other|more|latest|recent|popular|trending|top|featured|most (read|viewed|popular|shared))( (articles?|posts?|stor(y|ies)|news|reads?|reading|content|topics?|links?|coverage|headlines|videos?|now|today|this week|for you)){1,2}|related|recommended|trending|popular|most read|you (may|might) also (like|be interested in|enjoy)|(also|you may also|must) read|check also|read (also|next)|see also|up next|next up|don['’]?t miss|more (from|on|in|about)\b.{1,60}|editor['’]?s['’]? (picks?|choice)|from (around|across) the web|promoted( content| stories)?|sponsored( content| stories| links)?|keep reading|what to read next|about the authors?|explore more|in case you missed it)[:»]?$/i

/** Headings after which a page's template takes over: `comments` are never followed by the article. */
export function tailHeading(line: string): 'related' | 'comments' | undefined {
  if (line.length > 200) return undefined
  if (COMMENT_HEADING.test(line)) return 'comments'
  return wordsOf(line).length <= 8 && RELATED_HEADING.test(line) ? 'related' : undefined
}

const NETWORKS =
  '(?:facebook|twitter|x|instagram|whats ?app|telegram|linkedin|pinterest|reddit|tumblr|youtube|tiktok|threads|bluesky|mastodon|messenger|flipboard|google news|rss|e-?mail|print|copy(?: link)?|link|sms|viber|vk|line|share|tweet|pin|save|follow|more|like|post)'

/** Whole lines, whatever their length says; anchored at both ends. */
const WHOLE_LINES: readonly RegExp[] = [
  /^(back to|return to|go to|scroll to) (the )?(top|home ?page|start)( button)?[.↑^]?$/i,
  /^skip (to|navigation)\b.{0,40}$/i,
  /^(home|menu|search|close|open|login|log ?in|log ?out|sign ?(in|up|out)|register|my account|loading|next|prev(ious)?|continue|submit|cancel|dismiss|play|pause|live|exclusive|premium|breaking|video|photos?|gallery|listen|transcript|toggle|expand|collapse|views?|shares?|ad|ads|advert|advertisements?|advertising|sponsored|promoted|subscribe( now| today)?|donate( now)?|support us|contact us|about us|give feedback|feedback|report (an? )?(error|typo|issue)|newsletters?|δ)[\s.…:!>»→↓]*$/i,
  new RegExp(
    `^(?:share (?:this|on|via|to|with)?[\\s:]*)?(?:(?:on |via |to |and |or |, ?|\\| ?|/ ?|· ?)?${NETWORKS}[\\s:]*){1,14}$`,
    'i',
  ),
  /^(share|like|rate|print|e-?mail|tweet|bookmark) (this|it|article|story|post|page)\b[\w ]{0,30}[:.]?$/i,
  /^(like|love) this:?( loading\W*)?$/i,
  /^(story|article|content|post|text|report) continues? (below|after|following)\b.{0,60}$/i,
  /^(scroll|swipe) (down |up )?(to|for) (continue|read|more)\b.{0,40}$/i,
  /^(read|show|view|see|load|learn|discover|find out|click (here )?for) (more|less|all|full (article|story))( (here|stories|articles|posts|news|details|about this))?[\s.…»→>]*$/i,
  /^continue reading\b.{0,120}$/i,
  /^(name|e-?mail|website|url|comment|message|phone|subject)( address)?( \(required\))?\s*\*?:?$/i,
  /^(post views?|views?|reads?|shares?|likes?|hits?|word count|reading time|estimated reading time|time to read)\s*:?\s*[\d.,km]+( min(ute)?s?)?$/i,
  /^[\d.,]+k? ?(views?|reads?|shares?|likes?|comments?|min(ute)?s?( of)? read(ing)?|followers?|seconds? ago)$/i,
  /^(\d+|an?|one) (second|minute|min|hour|day|week|month|year)s? ago$/i,
  /^(tags?|tagged|filed under|topics?|keywords?|categor(y|ies)|posted in|sections?|published in|in this (article|story))\s*[:|].{0,300}$/i,
  /^(tagged|filed) (under|as|in|with)\b.{1,200}[^.]$/i,
  /^(next|previous|prev|older|newer) (article|post|story|page|entry|news)\b.{0,200}$/i,
  /^page \d+ of \d+$/i,
  /^(abstract|full text|body|end of document|load-date)[.:]?$/i,
  /^\(?(end|ends|more|30|endit)\)?$/i,
  /^(ai[- ]generated )?(representati(ve|onal)|illustrative|file|archive|stock|symbolic|indicative|ai[- ]generated( representative)?) (image|photo|photograph|picture|pic|illustration)s?\b.{0,60}$/i,
  /^(image|photo|picture)s? (is |used )?(for|used for) (representation(al)?|representative|illustrati(on|ve))( purposes?)?( only)?\.?$/i,
  /^(image|video|audio|media) (source|caption|credit)\b.{0,300}$/i,
  /^(photo|image|picture|video|photograph|graphic|illustration|screenshot)s?( credits?)?( by| courtesy( of)?)?\s*[:|/©].{1,160}$/i,
  /^(photo|image|photograph|picture|illustration)s? (by|courtesy( of)?|credit) .{1,80}$/i,
  /^(credit|photo credit|image credit)s?\s*[:|-].{1,160}$/i,
  /^twitter\s*:\s*@\w+\.?$/i,
  /^(follow|find|reach|contact) .{1,80} (on|at|via) (twitter|x|facebook|instagram|threads|linkedin|telegram|bluesky|tiktok|youtube|whats ?app)\b.{0,80}$/i,
  /^h\/?t\/?\s*:.{1,60}$/i,
  /^\(?(with )?(additional )?((agency|wire) inputs?|inputs? from .{1,60})\)?\.?$/i,
  /^https?:\/\/\S+$/i,
  /^(www\.)?[\w-]+(\.[\w-]+)+\/\S*$/i,
]

/** Starts of lines that point elsewhere or ask for something; the line is bound to `MAX_PROMPT_WORDS`. */
const PROMPTS: readonly RegExp[] = [
  /^(also read|read also|read more|read next|must read|see more|see also|watch( now| live| more| this| video)?|listen( now| live)?|related( article| story| news)?s?|more( on this| here)?|don['’]?t miss|recommended|in case you missed it|you may also like|in pics|in photos|photos|gallery|also watch|also see)\s*[:|»→>]/i,
  /^(also read|read also|read more|must read)\s*[-–—]/i,
  /^(read|watch)\s*\|/i,
  /^(please )?(click|tap) (here|the link|below|on the)\b/i,
  /^(please )?(subscribe|sign up|sign me up|register|log ?in|join (our|us|the)|follow us|(like|find) us (on|at)|get (our|the latest|breaking|instant|more|unlimited|daily)|stay (tuned|updated|informed|up to date|connected)|never miss|download (our|the)|install (our|the)|support (our|us|independent|quality)|donate (to|now|today)|become a (member|subscriber|supporter|patron)|advertise with|try our|unlock|start your (free )?trial|already (a|have an) (subscriber|member|account)|enjoy(ing)? (this|our)|thank(s| you) for (reading|subscribing|signing)|for (more|all the latest|the latest) (news|stories|updates|articles)|catch all the|send us|have (a|you) (tip|story|got a)|got a (tip|story)|help us|buy us|check out (our|more|the))\b/i,
  /^(this|our) (web)?site uses (cookies|akismet)\b/i,
  /^we use cookies\b/i,
  /^(please )?(enable|turn on|activate) (javascript|cookies)\b/i,
  /^(your|this) browser (does not|doesn['’]t|is)\b/i,
  /^(you must be|you need to be|please) (logged|log|sign(ed)?) ?in\b/i,
  /^log ?in (to|or|with)\b/i,
  /^(your e-?mail address will not be published|required fields are marked|save my name|notify me (of|by|when)|by (signing up|subscribing|clicking|submitting|continuing|registering)\b.{0,80}\byou\b|i agree to|an error (has )?occurred|terms (of (use|service)|and conditions)|all rights reserved|disclaimer\s*:|do not sell my)/i,
  /^(©|\(c\) ?\d{4}|copyright (©|\(c\)|\d{4}))/i,
]

/** Longest prompt in words: longer ones are paragraphs that start like one. */
const MAX_PROMPT_WORDS = 45

/** Anywhere in a paragraph of at most sixty words. */
const NOTICES: readonly RegExp[] = [
  /\b(your e-?mail address will not be published|required fields are marked|all rights reserved|delivered (straight |directly )?to your inbox|copied to (the )?clipboard|may not be (published, broadcast|reproduced|rewritten)|auto-?(generated|published) from)/i,
  /\b(story|article|report|post|copy|headline|content)\b.*\b(syndicated|agency|wire|news) (feed|service)\b/i,
  /\b(syndicated|agency|wire|news) (feed|service)\b.*\b(story|article|report|post|copy|headline|content)\b.*\b(edited|modified|modifications|changed|reviewed|reworked)\b/i,
  /\b(holds|accepts|takes|assumes) no (responsibility|liability)\b.*\b(content|contents|text|feed)\b/i,
]

/** Anywhere in a short line that is not a sentence. */
const MENUS = /\b(privacy policy|cookie policy|terms of (use|service)|newsletters?)\b/i

/** Markup that a bad extraction left as text. */
const MARKUP = /^\W{0,3}<\/?[a-z][^>]*>|<\/?(a|tweet|iframe|script|div|span|img|embed|object|blockquote)\b[^>]*>?/i

/** Whether a line is page furniture by its own wording. */
export function isFurnitureLine(line: string): boolean {
  if ((line.match(/[\p{L}\p{N}]/gu) ?? []).length < 2) return true
  if (line.length > 1200) return false
  // A sentence is not a menu entry, unless a label opens it ("Photo: The mayor opens the bridge.").
  const mayBeEntry = line.length <= 320 && (!isProse(line) || /^[\p{L} ]{2,30}[:|©]/u.test(line))
  if (mayBeEntry && WHOLE_LINES.some((rule) => rule.test(line))) return true
  if (MARKUP.test(line) && !isProse(line)) return true
  const words = wordsOf(line)
  if (words.length <= 60 && NOTICES.some((rule) => rule.test(line))) return true
  if (words.length <= 20 && MENUS.test(line) && !endsSentence(line)) return true
  return words.length <= MAX_PROMPT_WORDS && PROMPTS.some((rule) => rule.test(line)) && !isReported(line)
}

/** "Sign up now," the minister said: a sentence that quotes or reports, not the page talking to its reader. */
function isReported(line: string): boolean {
  return /[“”]|\b(said|says|say|told|added|wrote)\b/.test(line)
}

const AGENCY =
  '(?:AP|AFP|EPA|EFE|UPI|PTI|ANI|DPA|ANSA|TASS|KCNA|Xinhua|Yonhap|Kyodo|Reuters|Sputnik|Anadolu|Bloomberg|Getty|Shutterstock|Alamy|iStock|Unsplash|Zuma|NurPhoto|Pool|Handout|Courtesy|Screengrab|Screenshot|File|Photo|Image|Picture|Illustration|Photograph|Credit|Associated Press|Agence France-Presse)'

/** What photo agencies write behind a caption: `(NAME/AGENCY via …)`, `[File: Name/Agency]`, `| Photo Credit: …`. */
const CREDIT_AT_END = new RegExp(
  [
    `[([](?=[^()[\\]]{2,160}[)\\]]\\.?$)(?:[^()[\\]]*\\b(?:Getty|Shutterstock|Alamy|AP Photo|Photo by|File photo|Handout|Courtesy of|Screengrab|Screenshot)\\b[^()[\\]]*|(?:Photo|Image|Picture|File|Credit|Courtesy)s?\\s*(?::|by\\b|/)[^()[\\]]*|[^()[\\]]*\\b${AGENCY}\\b\\s*(?:/|\\bvia\\b)[^()[\\]]*|[^()[\\]]{2,}(?:/|\\bvia\\b)\\s*${AGENCY}\\b[^()[\\]]*|[Ff]ile(?: (?:photo|image|pic|picture))?)[)\\]]\\.?$`,
    `(?:\\||•|—|–|\\s-)\\s*(?:Photo|Image|Picture)(?: credit| courtesy)?s?\\s*:?\\s*[^|.!?]{2,80}$`,
    `(?:Photo|Image|Picture|Photograph|Credit)s?(?: credits?)?\\s*(?::|by\\b)\\s*[\\p{Lu}][^.:]{1,80}$`,
    `[.!?”"]\\s*(?:REUTERS|AFP|AP|EPA|Getty Images)\\s*/\\s*[^/]{2,60}$`,
  ].join('|'),
  'u',
)

/** `Name/Agency`, `AGENCY/Name`, `Agency via Agency` alone on a line, at most eight words, every word a name. */
const CREDIT_LINE = new RegExp(
  `^[([]?(?:Photo(?: by|:)?\\s*)?(?:\\p{Lu}[\\p{L}.'’-]*\\s?){1,5}(?:\\s?/\\s?|\\svia\\s)(?:\\p{Lu}[\\p{L}.'’-]*\\s?){1,5}(?:(?:\\s?/\\s?|\\svia\\s)(?:\\p{Lu}[\\p{L}.'’-]*\\s?){1,5})?[)\\]]?\\.?$|^[([]?(?:${AGENCY})(?: (?:Images|Photo|Agency|News Agency))?(?: via (?:\\p{Lu}[\\p{L}.]*\\s?){1,3})?[)\\]]?\\.?$`,
  'u',
)

const CAPTION_START =
  /^(FILE( PHOTO| IMAGE)?\s*[-–—:]|File (photo|image|picture)\s*[-–—:]|(In this|This) (file |undated |recent |combination |handout |satellite )?(photo|image|picture|photograph|screengrab),? (taken|provided|released|made available|distributed|supplied)\b)/i

/** Whether a line is a picture's caption with its credit. */
export function isCaption(line: string): boolean {
  if (line.length > 700 || wordsOf(line).length > 80) return false
  return CREDIT_AT_END.test(line) || (CAPTION_START.test(line) && wordsOf(line).length <= 70)
}

/** Whether a line is a picture's credit alone. */
export function isCredit(line: string): boolean {
  return line.length <= 90 && CREDIT_LINE.test(line)
}
