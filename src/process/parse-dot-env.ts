import { TandemError } from '../base/errors.js';

const SETTING = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/s;
const BLANK_OR_COMMENT = /^\s*(?:#.*)?$/s;

/**
 * Returns names and values of the settings in `text`, which is the content of `file`. A name that occurs twice has its last
 * value. Quotation marks (", ', `), comments and escapes are those of Node's `util.parseEnv`. Node itself is not asked: its
 * versions differ in what they make of a line without "=", and none of them refuses it.
 * @throws TandemError CONFIG_INVALID with the number of the first line that is no setting. It never quotes the line, because
 *   the line may be a secret.
 */
export function parseDotEnv(file: string, text: string): Map<string, string> {
  const settings = new Map<string, string>();
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (BLANK_OR_COMMENT.test(line)) continue;
    const refused = (what: string) => new TandemError('CONFIG_INVALID', `${file} has ${what} (line ${first}).`);
    const first = index + 1;
    const [, name, start = ''] = SETTING.exec(line) ?? [];
    if (name === undefined) throw refused('a line that is not NAME=value');
    const [mark = ''] = /^["'`]/.exec(start) ?? [];
    if (mark === '') {
      settings.set(name, start.replace(/#.*$/s, '').trim());
      continue;
    }
    // A value in quotation marks can have several lines.
    let quoted = start.slice(1);
    while (!quoted.includes(mark)) {
      index++;
      if (index >= lines.length) throw refused('a quotation mark that is never closed');
      quoted += `\n${lines[index]}`;
    }
    const end = quoted.indexOf(mark);
    if (!BLANK_OR_COMMENT.test(quoted.slice(end + 1))) throw refused('text after a closing quotation mark');
    const value = quoted.slice(0, end);
    settings.set(name, mark === '"' ? value.replaceAll('\\n', '\n') : value);
  }
  return settings;
}
