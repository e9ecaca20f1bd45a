import { Channel, invoke } from "@tauri-apps/api/core";
import { copyText } from "./clipboard";
import type { Platform } from "./types";

/** The desktop shell. Its commands are described in ui/README.md. */
export const tauri: Platform = {
  call: (command, request) => invoke("rpc", { command, request }),

  async subscribe(listener) {
    const channel = new Channel<unknown>();
    let live = true;
    channel.onmessage = (event) => {
      if (live) listener(event);
    };
    await invoke("subscribe", { channel });
    return () => {
      live = false;
    };
  },

  pickFolder: ({ title, start }) => invoke<string | null>("pick_folder", { title, start }),
  pickFile: ({ title, ending }) => invoke<string | null>("pick_file", { title, ending }),
  pickSaveFile: ({ title, name }) => invoke<string | null>("pick_save_file", { title, name }),
  saveText: ({ title, name, text }) => invoke<string | null>("save_text", { title, name, text }),
  copyText,
  print: () => window.print(),
};
