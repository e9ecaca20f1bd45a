/** The whole outside world. One implementation speaks to the desktop shell, one plays a scripted back end. */
export interface Platform {
  /** Sends a command. Rejects with whatever the back end says; `api/errors` makes sense of it. */
  call(command: string, request: unknown): Promise<unknown>;
  /** Registers for events. Returns how to stop. */
  subscribe(listener: (event: unknown) => void): Promise<() => void>;
  /** Lets the user point at a folder; `null` when they think better of it. */
  pickFolder(options: { title: string; start: string | null }): Promise<string | null>;
  /** Lets the user point at a file to read; `null` when they think better of it. */
  pickFile(options: { title: string; ending: string }): Promise<string | null>;
  /** Lets the user name a file to write; `null` when they think better of it. */
  pickSaveFile(options: { title: string; name: string }): Promise<string | null>;
  /** Asks for a place and writes a text there; resolves to the path, or `null` when the user thinks better of it. */
  saveText(options: { title: string; name: string; text: string }): Promise<string | null>;
  /** Puts a text on the clipboard. */
  copyText(text: string): Promise<void>;
  /** Opens the print dialog for what the print style sheet shows. */
  print(): void;
}
