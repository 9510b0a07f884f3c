import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('twins');
});
afterAll(() => ann[Symbol.asyncDispose]());

const releases = async (): Promise<number> =>
  ((await ann.json('releases', '-a', 'twins')) as unknown[]).length;
const branches = async (): Promise<string> => (await repo.git('ls-remote', 'gantry')).stdout;

it('a first deploy that fails says that nothing is live yet', async () => {
  await repo.commit({ Dockerfile: 'FROM gantry/stack\nRUN exit 7\n' });
  const pushed = await repo.push();
  expect(pushed.code).toBe(1);
  expect(pushed.stderr).toContain('Push failed; nothing is live yet.');
});

it('of two pushes of one commit the second ends well, with the truth, when the first is live', async () => {
  await repo.commit(dockerfileApp('one'));
  const twin = await repo.holdPush();
  expect(await repo.push()).toMatchObject({ code: 0 });
  const before = await releases();
  const pushed = await twin.letGo();
  expect(pushed.stderr).toMatch(/Another push of [0-9a-f]{8} was first, and it is live already, as v\d+/);
  expect(pushed.stderr).not.toMatch(/cannot lock|rejected|Released/);
  expect(pushed.code).toBe(0);
  expect(await releases()).toBe(before);
  expect((await ann.visit('twins')).body).toBe('one');
});

it('the same holds when the branch was there before', async () => {
  await repo.commit(dockerfileApp('two'));
  const twin = await repo.holdPush();
  expect(await repo.push()).toMatchObject({ code: 0 });
  expect(await twin.letGo()).toMatchObject({ code: 0 });
  expect(await branches()).toContain((await repo.git('rev-parse', 'HEAD')).stdout.trim());
});

it('a push whose branch another has moved meanwhile is refused before anything is built', async () => {
  await repo.commit(dockerfileApp('late'));
  const late = await repo.holdPush();
  await repo.git('reset', '-q', '--hard', 'HEAD~1');
  const newer = await repo.commit(dockerfileApp('three'));
  expect(await repo.push()).toMatchObject({ code: 0 });
  const before = await releases();
  const pushed = await late.letGo();
  expect(pushed.code).toBe(1);
  expect(pushed.stderr).toContain('main has moved since this push was sent; fetch, then push again');
  expect(pushed.stderr).not.toContain('Building');
  expect(await releases()).toBe(before);
  expect(await branches()).toContain(newer);
  expect((await ann.visit('twins')).body).toBe('three');
});

it('a branch with slashes deploys once it is chosen, and what git could not keep beside it is refused', async () => {
  await repo.git('checkout', '-q', '-b', 'feature/login');
  await repo.commit(dockerfileApp('four'));
  const other = await repo.push('gantry', 'feature/login');
  expect(other.code).toBe(1);
  const [, advice = ''] = /choose it \(gantry ([^)]+)\)/.exec(other.stderr) ?? [];
  expect(await ann.gantry(...advice.split(' '), '-a', 'twins')).toMatchObject({ code: 0 });
  const pushed = await repo.push('gantry', 'feature/login');
  expect(pushed).toMatchObject({ code: 0 });
  expect((await ann.visit('twins')).body).toBe('four');
  expect(await branches()).toContain('refs/heads/feature/login');

  const clash = await ann.gantry('git:deploy-branch', 'feature', '-a', 'twins');
  expect(clash.code).toBe(1);
  expect(clash.stderr).toContain('cannot be feature beside feature/login');
  expect(await ann.gantry('git:deploy-branch', 'x;id', '-a', 'twins')).toMatchObject({ code: 0 });
  await repo.commit(dockerfileApp('five'));
  const quoted = await repo.push('gantry', 'feature/login');
  expect(quoted.stderr).toContain("git push gantry 'feature/login:x;id'");
  expect(await repo.push('gantry', 'feature/login:x;id')).toMatchObject({ code: 0 });
  expect((await ann.visit('twins')).body).toBe('five');
});

it('what git itself would refuse in the end is refused before anything is built: a shallow clone, and a tag beside another', async () => {
  await repo.commit({ 'page.txt': 'one more' });
  const before = [await releases(), await branches()];
  const shallow = `${repo.dir}-shallow`;
  await repo.git('clone', '-q', '--depth', '1', `file://${repo.dir}`, shallow);
  const url = (await repo.git('remote', 'get-url', 'gantry')).stdout.trim();
  await ann.newApp('shallow');
  const first = await repo.git('-C', shallow, 'push', url.replace('twins.git', 'shallow.git'), 'HEAD:main');
  expect(first.code).toBe(1);
  expect(first.stderr).toContain('it comes from a shallow clone');
  expect(first.stderr).not.toMatch(/Building|Released/);

  await repo.git('tag', 'rel/1');
  await repo.git('update-ref', 'refs/elsewhere/rel', 'HEAD');
  const tags = await repo.push('gantry', 'HEAD:x;id', 'refs/elsewhere/rel:refs/tags/rel', 'rel/1');
  expect(tags.code).toBe(1);
  expect(tags.stderr).toMatch(/git keeps no tag rel(?:\/1)? beside tag rel/);
  expect(tags.stderr).not.toMatch(/Building|Released/);
  expect([await releases(), await branches()]).toEqual(before);
});
