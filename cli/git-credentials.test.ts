import { describe, expect, it } from 'vitest';
import { isAbout, readQuestion } from './git-credentials.ts';

const asked = (text: string) => readQuestion(text);

describe('a question of git', () => {
  it('is its lines up to the empty one', () => {
    const question = asked('protocol=https\nhost=api.example.com:8443\npath=a=b\n\nhost=evil.example\n');
    expect([...question]).toEqual([
      ['protocol', 'https'],
      ['host', 'api.example.com:8443'],
      ['path', 'a=b'],
    ]);
    expect(asked('').size).toBe(0);
    expect(asked('\nhost=x\n').size).toBe(0);
    expect(asked('protocol=http\r\nhost=a\r\n\r\n').get('host')).toBe('a');
  });

  it.each([
    ['protocol=https\nhost=api.example.com\n', 'https://api.example.com', true],
    ['protocol=https\nhost=api.example.com:443\n', 'https://api.example.com/', true],
    ['protocol=http\nhost=127.0.0.1:7000\n', 'http://127.0.0.1:7000', true],
    ['protocol=http\nhost=api.example.com\n', 'https://api.example.com', false],
    ['protocol=https\nhost=api.example.com:8443\n', 'https://api.example.com', false],
    ['protocol=https\nhost=api.example.com.evil.example\n', 'https://api.example.com', false],
    ['protocol=https\nhost=evil.example\n', 'https://api.example.com', false],
    ['host=api.example.com\n', 'https://api.example.com', false],
    ['protocol=https\nhost=\n', 'https://api.example.com', false],
    ['', 'https://api.example.com', false],
  ])('%j is about %s: %s', (text, url, about) => {
    expect(isAbout(asked(text), url)).toBe(about);
  });
});
