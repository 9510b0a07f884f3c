import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { CommandError, Interrupted } from './failures.ts';
import { createTerminal } from './terminal.ts';

const patient = new AbortController().signal;
const RED = '\u001b[31mred\u001b[0m';

class Out {
  text = '';
  isTTY = false;
  columns = 80;
  hasColors = () => true;
  write(text: string): void {
    this.text += text;
  }
}
class Keys extends PassThrough {
  isTTY = true;
  raw: boolean[] = [];
  setRawMode(mode: boolean): void {
    this.raw.push(mode);
  }
}

let out: Out;
let err: Out;
let keys: Keys;
beforeEach(() => {
  [out, err, keys] = [new Out(), new Out(), new Keys()];
});
const open = () => createTerminal(out, err, keys);

describe('what is said', () => {
  it('goes to standard error, and the result alone to standard output', () => {
    const terminal = open();
    terminal.note('on the way');
    terminal.print('one');
    terminal.raw('two\u0007');
    terminal.json({ three: 3 });
    expect([err.text, out.text]).toEqual(['on the way\n', 'one\ntwo\u0007{\n  "three": 3\n}\n']);
  });

  it('never moves the cursor of whoever reads it', () => {
    open().print('a\u001b[2Jb\nc');
    open().note('d\u0007');
    expect([out.text, err.text]).toEqual(['a␛[2Jb\\nc\n', 'd␇\n']);
  });

  it('is a value as it is for a program, and shown on a screen', () => {
    open().value('a\u001b]0;title\u0007\nb');
    out.isTTY = true;
    open().value('a\u001b]0;title\u0007\nb');
    expect(out.text).toBe('a\u001b]0;title\u0007\nb\na␛]0;title␇\nb\n');
  });

  it('has colours on a screen that has them, each stream for itself', () => {
    out.isTTY = true;
    const terminal = open();
    terminal.print(terminal.paint('red', 'red'));
    terminal.note(RED);
    expect(out.text).toContain('\u001b[31m');
    expect(err.text).toBe('red\n');
    expect(terminal.columns).toBe(80);
  });

  it.each([
    ['in a pipe', () => (out.isTTY = false)],
    ['on a screen that has none', () => (out.hasColors = () => false)],
  ])('has no colours %s', (_, arrange) => {
    out.isTTY = true;
    arrange();
    const terminal = open();
    terminal.print(terminal.paint('red', 'red') + RED);
    expect(out.text).toBe('redred\n');
  });

  it('knows no width where there is no screen', () => {
    expect(open().columns).toBeUndefined();
    Object.assign(out, { isTTY: true, columns: 0 });
    expect(open().columns, 'a screen that does not know its size').toBeUndefined();
  });
});

describe('a secret', () => {
  it('is the first line of what is passed, without its end', async () => {
    keys.isTTY = false;
    keys.write('tok');
    keys.write('en\r\nmore');
    keys.end();
    expect(await open().secret('Token: ', patient)).toBe('token');
    expect([out.text, err.text, keys.raw]).toEqual(['', '', []]);
  });

  it('is empty when nothing is passed, and not waited for after 64 KB without a line', async () => {
    keys.isTTY = false;
    keys.end();
    expect(await open().secret('Token: ', patient)).toBe('');
    const flood = new PassThrough();
    flood.write('x'.repeat(70_000));
    expect(await createTerminal(out, err, flood).secret('Token: ', patient)).toHaveLength(70_000);
  });

  it('is typed without being shown, and can be corrected', async () => {
    const asked = open().secret('Token: ', patient);
    keys.write('geheimx');
    keys.write('\u007f\b');
    keys.write('m \r');
    expect(await asked).toBe('geheim');
    expect([err.text, out.text, keys.raw]).toEqual(['Token: \n', '', [true, false]]);
  });

  it.each([
    ['an interruption', '\u0003', Interrupted, 'exit code 130'],
    ['an end', '\u0004', CommandError, 'The question was left without an answer, so nothing was done.'],
  ])('is not given with %s, and the screen is as before', async (_, key, kind, says) => {
    const asked = open().secret('Token: ', patient);
    keys.write(`abc${key}`);
    const left = await asked.catch((err: unknown) => err);
    expect(left).toBeInstanceOf(kind);
    expect(left).toHaveProperty('message', says);
    expect(keys.raw).toEqual([true, false]);
  });

  it('is waited for until the user interrupts, before or while it is asked', async () => {
    const stop = new AbortController();
    const asked = open().secret('Token: ', stop.signal);
    stop.abort(new Error('interrupted'));
    await expect(asked).rejects.toThrow('interrupted');
    await expect(open().secret('Token: ', stop.signal)).rejects.toThrow('interrupted');
    expect(keys.raw).toEqual([true, false]);
  });
});

describe('progress', () => {
  it('is drawn on a screen, and is gone when the command ends', () => {
    err.isTTY = true;
    const terminal = open();
    terminal.progress('Building …');
    terminal.note('a line');
    terminal.rest();
    const erase = '\r\u001b[K';
    expect(err.text).toBe(`${erase}⠋ Building …${erase}a line\n${erase}⠋ Building …${erase}`);
    expect(out.text).toBe('');
  });

  it.each<[string, Record<string, string>]>([
    ['in a pipe', { pipe: 'yes' }],
    ['in CI', { CI: 'true' }],
    ['where nobody wants colours', { NO_COLOR: '1' }],
    ['on a screen that can nothing', { TERM: 'dumb' }],
  ])('is one note %s', (_, env) => {
    err.isTTY = env['pipe'] === undefined;
    using progress = createTerminal(out, err, keys, env).progress('Building …');
    progress.update('Still building …');
    expect(err.text).toBe('Building …\n');
  });
});

describe('a question', () => {
  it('is answered by what is typed and shown', async () => {
    err.isTTY = true;
    const asked = open().question('Sure? ', patient);
    keys.write('yex');
    keys.write('\u007fs\r');
    expect(await asked).toBe('yes');
    expect(err.text).toBe('Sure? yex\b \bs\n');
  });

  it.each(['input', 'screen'])('is not asked where there is no %s', async (missing) => {
    err.isTTY = missing !== 'screen';
    keys.isTTY = missing !== 'input';
    expect(await open().question('Sure? ', patient)).toBeUndefined();
    expect(err.text).toBe('');
  });
});

it('reads standard input to its end, and not further than it is told', async () => {
  keys.write('one\ntwo');
  keys.end();
  expect(await open().input(100)).toBe('one\ntwo');
  const flood = new PassThrough();
  flood.write('x'.repeat(100));
  expect(await createTerminal(out, err, flood).input(10)).toBe('xxxxxxxxxx');
});
