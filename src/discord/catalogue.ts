import type { CommandDefinition } from '../command.ts'

/** What Discord shows of a command and of one of its options, in one language. */
export type Wording = { readonly name: string; readonly description: string }
export type CommandWording = Wording & { readonly options: Readonly<Record<string, Wording>> }

/** The languages that commands are named in, besides the English of their definitions, by Discord's locale codes. */
export const CATALOGUE = {
  de: {
    ask: {
      name: 'fragen',
      description: 'Stellt der Berichterstattung eine Frage; die Antwort sind ihre eigenen Worte',
      options: {
        question: { name: 'frage', description: 'Was du wissen willst' },
        outlet: { name: 'medium', description: 'Nur Artikel dieses Mediums' },
        since: { name: 'seit', description: 'Nur Artikel ab diesem Tag, etwa 2024-06-24' },
        until: { name: 'bis', description: 'Nur Artikel bis zu diesem Tag, etwa 2024-06-30' },
        private: { name: 'privat', description: 'Nur du siehst die Antwort' },
      },
    },
    quotes: {
      name: 'zitate',
      description: 'Was jemand gesagt hat, Wort für Wort',
      options: {
        speaker: { name: 'person', description: 'Wer es gesagt hat' },
        about: { name: 'thema', description: 'Worüber' },
        outlet: { name: 'medium', description: 'Nur Artikel dieses Mediums' },
        since: { name: 'seit', description: 'Nur Artikel ab diesem Tag, etwa 2024-06-24' },
        until: { name: 'bis', description: 'Nur Artikel bis zu diesem Tag, etwa 2024-06-30' },
        kind: { name: 'art', description: 'Zitate, indirekte Rede in den Worten der Journalisten, oder beides' },
        view: { name: 'ansicht', description: 'Als Liste, Monat für Monat, oder Medium neben Medium' },
        private: { name: 'privat', description: 'Nur du siehst die Antwort' },
      },
    },
    verify: {
      name: 'prüfen',
      description: 'Prüft, ob ein Zitat so in der Berichterstattung steht',
      options: {
        quote: { name: 'zitat', description: 'Die Worte, die jemand gesagt haben soll' },
        speaker: { name: 'person', description: 'Wer sie gesagt haben soll' },
        private: { name: 'privat', description: 'Nur du siehst die Antwort' },
      },
    },
    speakers: {
      name: 'personen',
      description: 'Wer zitiert wird, wie oft und wo; zu einem Thema, wer sich dazu geäußert hat',
      options: {
        about: { name: 'thema', description: 'Worüber sie sprechen' },
        outlet: { name: 'medium', description: 'Nur Artikel dieses Mediums' },
        since: { name: 'seit', description: 'Nur Artikel ab diesem Tag, etwa 2024-06-24' },
        until: { name: 'bis', description: 'Nur Artikel bis zu diesem Tag, etwa 2024-06-30' },
        private: { name: 'privat', description: 'Nur du siehst die Antwort' },
      },
    },
    articles: {
      name: 'artikel',
      description: 'Welche Artikel es gibt, die neuesten zuerst, oder die zu einem Thema',
      options: {
        about: { name: 'thema', description: 'Wovon sie handeln' },
        outlet: { name: 'medium', description: 'Nur Artikel dieses Mediums' },
        private: { name: 'privat', description: 'Nur du siehst die Antwort' },
      },
    },
    help: { name: 'hilfe', description: 'Was Verbatim kann und wie man fragt', options: {} },
    settings: {
      name: 'einstellungen',
      description: 'Wie Verbatim in diesem Kanal antwortet',
      options: {
        enabled: { name: 'aktiv', description: 'Ob in diesem Kanal gefragt werden kann' },
        private: { name: 'privat', description: 'Ob Antworten zunächst nur sieht, wer gefragt hat' },
        outlets: {
          name: 'medien',
          description: 'Nur diese Medien durchsuchen, durch Kommas getrennt; „alle“ für alle',
        },
        tags: {
          name: 'schlagworte',
          description: 'Nur Artikel mit diesen Schlagworten, durch Kommas getrennt; „alle“ für alle',
        },
      },
    },
    corpus: { name: 'korpus', description: 'Fügt Artikel hinzu, entfernt und exportiert sie', options: {} },
    'corpus add': {
      name: 'hinzufügen',
      description: 'Fügt den Artikel einer Seite oder Datei hinzu; zeigt zuerst, was verstanden wurde',
      options: {
        url: { name: 'adresse', description: 'Die Adresse des Artikels' },
        file: { name: 'datei', description: 'Eine Datei .txt, .md, .html, .json oder .jsonl von höchstens 10 MB' },
      },
    },
    'corpus remove': {
      name: 'entfernen',
      description: 'Verschiebt einen Artikel in den Papierkorb, aus dem er zurückgeholt werden kann',
      options: {
        article: { name: 'artikel', description: 'Welchen Artikel' },
        reason: { name: 'grund', description: 'Warum, für das Protokoll' },
      },
    },
    'corpus restore': {
      name: 'zurückholen',
      description: 'Holt einen entfernten Artikel zurück',
      options: { article: { name: 'artikel', description: 'Welchen der entfernten Artikel' } },
    },
    'corpus status': {
      name: 'stand',
      description: 'Artikel, Index, Probleme, und wer zuletzt was geändert hat',
      options: {},
    },
    'corpus export': { name: 'exportieren', description: 'Alle Artikel als eine JSON-Lines-Datei', options: {} },
    'corpus feeds': { name: 'feeds', description: 'Wie es den Feeds geht, die Artikel bringen', options: {} },
    reindex: {
      name: 'neuindex',
      description: 'Bringt den Index auf den Stand der Artikel; Fragen werden weiter beantwortet',
      options: { full: { name: 'alles', description: 'Alles neu machen, auch was sich nicht geändert hat' } },
    },
    'Verify quote': { name: 'Zitat prüfen', description: '', options: {} },
    'Find in coverage': { name: 'In Berichterstattung finden', description: '', options: {} },
  },
} as const satisfies Record<string, Readonly<Record<string, CommandWording>>>

type Localizations = Readonly<Record<string, string>>

/**
 * A command's or (with `option`) an option's names and descriptions in every language of the catalogue.
 * @param command a subcommand is named behind its command: `corpus add`
 */
export function localizations(
  command: string,
  option?: string,
): { readonly name_localizations: Localizations; readonly description_localizations: Localizations } {
  const names: Record<string, string> = {}
  const descriptions: Record<string, string> = {}
  for (const [locale, commands] of Object.entries(CATALOGUE)) {
    const wording = (commands as Readonly<Record<string, CommandWording>>)[command]
    const found = option === undefined ? wording : wording?.options[option]
    if (found === undefined) continue
    names[locale] = found.name
    if (found.description !== '') descriptions[locale] = found.description
  }
  return { name_localizations: names, description_localizations: descriptions }
}

/** Names of commands and options that a language of the catalogue lacks: `de: ask.question`. Empty when it is complete. */
export function missingWordings(
  definitions: readonly Pick<CommandDefinition, 'name' | 'options' | 'subcommands'>[],
): readonly string[] {
  const all = definitions.flatMap((definition) => [
    definition,
    ...(definition.subcommands ?? []).map(({ name, options }) => ({ name: `${definition.name} ${name}`, options })),
  ])
  return Object.entries(CATALOGUE).flatMap(([locale, commands]) =>
    all.flatMap(({ name, options }) => {
      const wording = (commands as Readonly<Record<string, CommandWording>>)[name]
      if (wording === undefined) return [`${locale}: ${name}`]
      return options
        .filter((option) => wording.options[option.name] === undefined)
        .map((o) => `${locale}: ${name}.${o.name}`)
    }),
  )
}
