import { createContext, use } from "react";
import type { Language } from "@/lib/language";
import { messages, type Messages } from "./messages";

export const LanguageContext = createContext<Language>("en");

/** The language in force. */
export function useLanguage(): Language {
  return use(LanguageContext);
}

/** The texts in the language in force. */
export function useText(): Messages {
  return messages[use(LanguageContext)];
}
