import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSource, type Draft } from '../../src/corpus/corpus.ts'
import { UserError } from '../../src/errors.ts'

function read(text: string, name = 'page.txt'): Draft {
  const [reading] = readSource(Buffer.from(text), name)
  if (reading === undefined || !('draft' in reading)) throw new Error('no article')
  return reading.draft
}

const first = 'The ferry to the Isle of Marn sailed again on Tuesday after a storm had kept it in port for four days.'
const second = '“We are glad to be moving,” said captain Ruth Adeyemi. “The crew did a great job.”'
const third = 'Two of the three boats were damaged, and repairs will cost about two million marks, the company said.'
const paragraphs = [first, second, third]
const title = 'Ferry to the Isle of Marn sails again after storm'

/** The three paragraphs with lines put before, between and behind them. */
function page({
  before = [],
  between = [],
  behind = [],
}: {
  before?: string[]
  between?: string[]
  behind?: string[]
}) {
  return [...before, first, second, ...between, third, ...behind].join('\n\n')
}

describe('the text of an article', () => {
  test('given a text without furniture, when read, then every paragraph stays', () => {
    const draft = read(page({}))
    expect(draft.body.split('\n\n')).toEqual(paragraphs)
    expect(draft.furniture).toEqual([])
  })

  test.each<[string, { before?: string[]; between?: string[]; behind?: string[] }]>([
    ['short codes of page builders', { before: [title, '[ad_1]'], behind: ['[ad_2]'] }],
    ['an advertisement above the headline', { before: ['Host your shop with us in under a minute!', title] }],
    ['a section name above the headline', { before: ['World News', title] }],
    ['a trail of sections', { before: ['Home / World / Islands', title] }],
    ['the site’s name and menu', { before: ['The Marn Gazette', 'Menu', 'Subscribe', 'Sign In', title] }],
    ['the headline again', { before: [title, 'AI generated representative image', title] }],
    ['a headline of another article in capitals', { between: ['MAYOR OF NORTHPORT RESIGNS AFTER ‘LONG’ DISPUTE'] }],
    [
      'links with a label',
      { between: ['READ MORE: Storm cuts power to four thousand homes', 'Also Read | Mayor resigns'] },
    ],
    [
      'an image’s name, its caption and credit',
      { between: ['Ferry Marn harbour', 'A ferry leaves the harbour on Monday.  (LENA ORTIZ/AFP via Getty Images)'] },
    ],
    [
      'a caption of an agency',
      {
        between: [
          'FILE - A ferry leaves the harbour in March, 2022.',
          'In this photo released by the harbour office, boats wait.',
        ],
      },
    ],
    ['a credit alone', { between: ['A ferry in the harbour of Northport', 'Lena Ortiz/Reuters'] }],
    ['an unfinished caption and a photographer', { between: ['Boats in port', 'Photo by Lena Ortiz'] }],
    ['a share bar', { between: ['Share this article', 'Facebook Twitter WhatsApp', 'Copy link'] }],
    ['a place for an advertisement', { between: ['ADVERTISEMENT', 'Story continues below advertisement'] }],
    ['an app’s promotion', { between: ['CLICK HERE TO GET THE MARN GAZETTE APP'] }],
    [
      'a newsletter’s promotion',
      { between: ['Sign up for our newsletter and get the best of Marn delivered to your inbox.'] },
    ],
    [
      'a comment form',
      {
        behind: [
          'Leave a Reply',
          'Your email address will not be published. Required fields are marked *',
          'The best hosting there is',
        ],
      },
    ],
    [
      'what readers wrote',
      {
        behind: [
          '3 Comments',
          'I was there, and it was a very long wait for all of us.',
          'Nobody should sail in such a storm, if you ask me at all.',
        ],
      },
    ],
    [
      'links with teasers',
      {
        behind: [
          'Related articles',
          'Mayor of Northport resigns',
          'The mayor of Northport has resigned. She had...',
          'Five walks',
          'Walks on Marn are…',
        ],
      },
    ],
    [
      'links with teasers that end',
      {
        behind: [
          'Check Also',
          'Mayor of Northport resigns',
          'The mayor of Northport has resigned after eleven years in office.',
        ],
      },
    ],
    [
      'links in the middle',
      {
        between: ['Related Articles', 'Who is the mayor of Northport?', 'How Marn votes'],
        behind: ['The next boat leaves at noon, the harbour office said on Tuesday evening.'],
      },
    ],
    ['a widget’s label run together', { between: ['Sun Bikes XSun Bikes XSun Bikes X'], behind: ['Sun Bikes X'] }],
    [
      'a label between all paragraphs',
      { before: [title, 'Listen to Marn Radio'], between: ['Listen to Marn Radio'], behind: ['Listen to Marn Radio'] },
    ],
    ['buttons', { behind: ['Give Feedback', 'Print', 'Back to top button'] }],
    ['tags and counts', { behind: ['Tags: ferry, storm', 'Post Views: 1,204', '3 min read'] }],
    ['a copyright line', { behind: ['© 2024 Marn Gazette. All rights reserved.'] }],
    [
      'a feed notice',
      {
        behind: [
          '(This story has not been edited by Marn Standard staff and is auto-generated from a syndicated feed.)',
        ],
      },
    ],
    ['a follow line', { behind: ['Follow Dana Whitlock on Twitter @dana_example'] }],
    ['markup that was left', { between: ['<tweet id="12"></tweet>', '<div class="ad">'] }],
    ['rules and bullets', { between: ['___', '* * *'] }],
    ['the same paragraph twice', { behind: [third] }],
  ])('given %s, when read, then only the article stays', (_, furniture) => {
    const draft = read(page(furniture))
    const body = draft.body.split('\n\n').filter((paragraph) => !paragraph.startsWith('The next boat'))
    expect(body).toEqual(paragraphs)
  })

  test.each([
    'Sign up now, the minister told young people, and learn a trade that will feed you.',
    '“Subscribe to our plan,” she said, “and you will see the harbour grow.”',
    'By signing the order on Monday, the mayor freed money for repairs.',
    'Terms of the deal between the two companies were not disclosed on Monday.',
    'Previous post-war governments of the island had tried to close the harbour.',
    'Copyright law protects the song that the crew sang, a lawyer said.',
    'The company accepts no responsibility for the delay of the boats.',
    'The article has been published by a paper on the mainland in 2019, he said.',
    'More than forty boats stayed in port, the harbour office said.',
    'She wrote that the picture of the storm was taken by her daughter.',
    'Members will be told to download the app and to log in before noon.',
    'Most read the plan as a gift to builders, and said so...',
    '1. The first boat leaves at noon.',
    'Then the rain came.',
  ])('given the sentence "%s", when read, then it stays', (sentence) => {
    expect(read(page({ between: [sentence] })).body.split('\n\n')).toEqual([first, second, sentence, third])
  })

  test('given lines of one width, when read, then they are joined to paragraphs', () => {
    const wrapped = [
      'The ferry to the Isle of Marn sailed again on',
      'Tuesday after a storm had kept it in port for',
      'four days.',
      '',
      'Two of the three boats were damaged, and the',
      'repairs will cost about two million marks, the',
      'company said.',
    ]
    expect(read(wrapped.join('\n')).body.split('\n\n')).toEqual([
      first,
      'Two of the three boats were damaged, and the repairs will cost about two million marks, the company said.',
    ])
  })

  test('given one paragraph a line, when read, then each line is a paragraph', () => {
    expect(read(paragraphs.join('\n')).body.split('\n\n')).toEqual(paragraphs)
  })

  test('given nothing but furniture, when read, then it is refused with a remedy', () => {
    expect(() => read('Subscribe\nShare')).toThrow(UserError)
  })

  test('given any mix of sentences and furniture, when read, then every paragraph of the body is a line of the source', () => {
    const furniture = fc.constantFrom(
      'Related articles',
      'Leave a Reply',
      '[ad_1]',
      'Subscribe',
      'MAYOR RESIGNS AFTER LONG DISPUTE',
      'World News',
      'Photo by Lena Ortiz',
      '© 2024 Marn Gazette',
      'By Dana Whitlock',
      'Updated: 24-06-2024',
      'A teaser that is…',
    )
    const sentence = fc
      .array(fc.constantFrom('the', 'boat', 'Marn', 'sails', 'to', 'island', 'said', 'Adeyemi', 'in', 'Tuesday'), {
        minLength: 1,
        maxLength: 25,
      })
      .map((words) => `${words.join(' ')}.`)
    fc.assert(
      fc.property(fc.array(fc.oneof(furniture, sentence), { minLength: 1, maxLength: 20 }), (lines) => {
        let draft
        try {
          draft = read(lines.join('\n\n'))
        } catch (error) {
          return error instanceof UserError
        }
        const kept = draft.body.split('\n\n')
        return (
          kept.every((paragraph) => lines.includes(paragraph)) && draft.furniture.every((line) => lines.includes(line))
        )
      }),
    )
  })
})

describe('the title of an article', () => {
  test('given a headline above the text, when read, then it is the title and not part of the body', () => {
    const draft = read(page({ before: [title] }))
    expect([draft.title, draft.isTitleStated]).toEqual([title, true])
    expect(draft.body.startsWith(first)).toBe(true)
  })

  test('given a headline with capitals and a full stop, when read, then it is the title without the stop', () => {
    expect(read(page({ before: ['Ferry to the Isle of Marn Sails Again After Storm.'] })).title).toBe(
      'Ferry to the Isle of Marn Sails Again After Storm',
    )
  })

  test('given a first line that is a full sentence, when read, then it names the article and stays in the body', () => {
    const opening = 'Boats sail to the Isle of Marn again.'
    const draft = read(page({ before: [opening] }))
    expect(draft.title).toBe('Boats sail to the Isle of Marn again')
    expect(draft.body.startsWith(opening)).toBe(true)
  })

  test('given no headline, when read, then the beginning of the text stands in, cut at a word, and is not called stated', () => {
    const draft = read(
      [`${first.slice(0, -1)}, the harbour office and the captain of the boat said.`, second, third].join('\n\n'),
    )
    expect(draft.isTitleStated).toBe(false)
    expect(draft.title.length).toBeLessThanOrEqual(101)
    expect(first.startsWith(draft.title.replace(/…$/, ''))).toBe(true)
  })
})

describe('what a page states about its article', () => {
  test.each<[string, { before?: string[]; between?: string[]; behind?: string[] }, Partial<Draft>]>([
    [
      'a credit bar with dates',
      { before: [title, 'Wire Desk | Updated: 19-03-2024 18:40 IST | Created: 18-03-2024 09:05 IST'] },
      { outlet: 'Wire Desk', published: '2024-03-18' },
    ],
    [
      'a byline and a date',
      { before: [title, 'By Dana Whitlock and Omar Reyes, Staff Writers', 'Published 3:12 PM EDT, Tue March 5, 2024'] },
      { author: 'Dana Whitlock and Omar Reyes', published: '2024-03-05' },
    ],
    ['a credit in brackets', { behind: ['(Marn Gazette)'] }, { outlet: 'Marn Gazette' }],
    [
      'the first publisher',
      { behind: ['This article is originally published on gazette.example'] },
      { outlet: 'gazette.example' },
    ],
    [
      'the first publisher by name',
      { behind: ['This story was first published in The Marn Gazette on Monday.'] },
      { outlet: 'The Marn Gazette' },
    ],
    [
      'a syndicated feed',
      {
        behind: [
          '(This story has not been edited by Marn Standard staff and is auto-generated from a syndicated feed.)',
        ],
      },
      { via: 'Marn Standard' },
    ],
    [
      'a credit bar and a feed',
      {
        before: [title, 'Wire Desk | Updated: 24-06-2024 07:11 IST'],
        behind: [
          '(This story has not been edited by Marn Standard staff and is auto-generated from a syndicated feed.)',
        ],
      },
      { outlet: 'Wire Desk', via: 'Marn Standard' },
    ],
    [
      'an app and a colleague',
      {
        behind: [
          'Marn Gazette Online’s Omar Reyes contributed to this report.',
          'CLICK HERE TO GET THE MARN GAZETTE APP',
        ],
      },
      { outlet: 'Marn Gazette' },
    ],
    ['a repost', { behind: [`The post ${title} appeared first on Daily Spin.`] }, { outlet: 'Daily Spin', title }],
    [
      'labels',
      {
        before: [
          `Title: ${title}`,
          'Author: Dana Whitlock',
          'Date: 2024-06-24',
          'Source: Marn Gazette',
          'URL: https://gazette.example/ferry',
        ],
      },
      {
        title,
        author: 'Dana Whitlock',
        published: '2024-06-24',
        outlet: 'Marn Gazette',
        url: 'https://gazette.example/ferry',
      },
    ],
    [
      'an agency’s sign-off',
      { behind: ['(Reporting by Dana Whitlock in Northport; Editing by Omar Reyes)'] },
      { author: 'Dana Whitlock' },
    ],
  ])('given %s, when read, then it is understood', (_, furniture, stated) => {
    expect(read(page(furniture))).toMatchObject(stated)
  })

  test('given an agency’s dateline, when read, then the agency is the outlet and the line stays', () => {
    const dateline = `NORTHPORT, March 5, 2024 (WNA) - ${first}`
    const draft = read([title, dateline, second, third].join('\n\n'))
    expect(draft).toMatchObject({ outlet: 'WNA', published: '2024-03-05' })
    expect(draft.body.startsWith(dateline)).toBe(true)
  })

  test('given a page that states nothing, when read, then outlet, author, date and address are absent', () => {
    expect(Object.keys(read(page({ before: [title] }))).sort()).toEqual(['body', 'furniture', 'isTitleStated', 'title'])
  })

  test('given dates and names that belong to the story, when read, then they are not taken for the article’s', () => {
    const draft = read(
      page({
        between: ['The plan, published on March 5, 2024, was written by Jo Field of the Marn Gazette.'],
        behind: ['Associated writer Jo Field contributed to this report.'],
      }),
    )
    expect([draft.published, draft.author, draft.outlet]).toEqual([undefined, undefined, undefined])
  })
})
