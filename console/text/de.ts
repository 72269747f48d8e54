import { type TextKey, en } from './en.js';

export const de: Readonly<Record<TextKey, string>> = en;
