import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appName } from '../../domain/names.ts';
import { isGitPath, readGitRequest } from './path.ts';

const OFFER = '/info/refs?service=git-receive-pack';

describe('isGitPath', () => {
  it.each([
    '/hello.git',
    '/hello.git/',
    '/hello.git/info/refs?service=git-upload-pack',
    '/hello.git/HEAD',
    '/hello/info/refs?service=git-upload-pack',
    '/hello/git-receive-pack',
    '/..%2fhello.git/info/refs',
    '/.git/config',
    '/hello.git?x',
  ])('knows %s as git’s, however wrong it is', (target) => {
    expect(isGitPath(target)).toBe(true);
  });

  it.each(['/', '/apps', '/apps/hello.git', '/apps/hello/info/refs', '/hello.gitx/info', '/hello/info', '*'])(
    'leaves %s to the API',
    (target) => {
      expect(isGitPath(target)).toBe(false);
    },
  );
});

describe('readGitRequest', () => {
  it.each([
    ['GET', `/hello.git${OFFER}`, { app: 'hello', program: 'receive-pack', turn: 'offer' }],
    ['HEAD', `/hello${OFFER}`, { app: 'hello', program: 'receive-pack', turn: 'offer' }],
    [
      'GET',
      '/hello.git/info/refs?service=git-upload-pack',
      { app: 'hello', program: 'upload-pack', turn: 'offer' },
    ],
    ['POST', '/hello.git/git-upload-pack', { app: 'hello', program: 'upload-pack', turn: 'answer' }],
    ['POST', '/hello/git-receive-pack', { app: 'hello', program: 'receive-pack', turn: 'answer' }],
  ])('reads %s %s', (method, target, wanted) => {
    expect(readGitRequest(method, target)).toEqual(wanted);
  });

  it.each([
    ['POST', `/hello.git${OFFER}`],
    ['GET', '/hello.git/git-receive-pack'],
    ['PUT', '/hello.git/git-receive-pack'],
    ['OPTIONS', '/hello.git/git-receive-pack'],
    ['GET', '/hello.git/info/refs?service=git-upload-archive'],
    ['GET', `/hello.git${OFFER}&service=git-upload-pack`],
    ['GET', `/hello.git${OFFER}%00`],
    ['GET', `/%68ello.git${OFFER}`],
    ['GET', `/..%2fhello.git${OFFER}`],
    ['GET', `/../hello.git${OFFER}`],
    ['GET', `/a/hello.git${OFFER}`],
    ['GET', `//hello.git${OFFER}`],
    ['GET', `/hello.git/${OFFER}`],
    ['GET', `/hello.git.git${OFFER}`],
    ['GET', `/hello\0.git${OFFER}`],
    ['GET', `/hello%00.git${OFFER}`],
    ['GET', `/HELLO.git${OFFER}`],
    ['GET', `/hеllo.git${OFFER}`], // a Cyrillic letter
    ['GET', `/-hello.git${OFFER}`],
    ['GET', `/--upload-pack=id.git${OFFER}`],
    ['GET', `/__proto__.git${OFFER}`],
    ['GET', `/.git${OFFER}`],
    ['GET', `/${'a'.repeat(100)}.git${OFFER}`],
    ['GET', '/hello.git'],
    ['GET', '/hello.git/config'],
    ['GET', '/hello.git/hooks/pre-receive'],
    ['POST', '/hello.git/info/lfs/objects/batch'],
    ['POST', '/hello.git/git-receive-pack\n'],
  ])('finds nothing at %s %j', (method, target) => {
    expect(() => readGitRequest(method, target)).toThrow(/^Couldn't find that (?:app|path): /);
  });

  it.each([
    '/hello.git/info/refs',
    '/hello.git/info/refs?x=1',
    '/hello.git/HEAD',
    '/hello.git/objects/ab/cd',
  ])('refuses dumb HTTP at %s', (target) => {
    expect(() => readGitRequest('GET', target)).toThrow('dumb HTTP');
  });

  it('shows nothing that a terminal would obey', () => {
    expect(() => readGitRequest('GET', '/\u001b[2Jx.git')).toThrow('GET /?[2Jx.git');
  });

  it('never reads another name than one an app may have', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (name) => {
        const target = `/${name}.git${OFFER}`;
        let read: string | undefined;
        try {
          read = readGitRequest('GET', target).app;
        } catch {
          read = undefined;
        }
        if (read === undefined) expect(appName.safeParse(name).success).toBe(false);
        else expect(target).toBe(`/${appName.parse(read)}.git${OFFER}`);
      }),
    );
  });
});
