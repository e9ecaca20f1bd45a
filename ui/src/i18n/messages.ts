import type { Language } from "@/lib/language";
import { en } from "./en";
import { ja } from "./ja";

type Widen<Section> = { [Key in keyof Section]: Section[Key] extends string ? string : Section[Key] };

/** Every text of the interface. A language in which one is missing, or asks for other facts, does not compile. */
export type Messages = { [Name in keyof typeof en]: Widen<(typeof en)[Name]> };

export const messages: Record<Language, Messages> = { en, ja };
