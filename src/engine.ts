/** To be written: everything a command asks of the coverage, over one open index. */
export type Engine = { close(): Promise<void> }
