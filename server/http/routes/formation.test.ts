import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../../test/support/fake-door.ts';
import { formation } from '../../contract/resources.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

describe('a formation', () => {
  it('refuses a type that the app does not have, alone and among others', async () => {
    for (const [path, body] of [
      ['/apps/demo/formation/clock', { quantity: 1 }],
      [
        '/apps/demo/formation',
        {
          updates: [
            { type: 'web', quantity: 2 },
            { type: 'clock', quantity: 1 },
          ],
        },
      ],
    ] as const) {
      const answer = await door.call('PATCH', path, { body });
      expect(answer).toMatchObject({
        status: 404,
        body: { id: 'process_type_not_found', resource: 'formation' },
      });
      expect(answer.text).toContain('this app has web, worker');
    }
    expect(door.world.writes).toEqual([]);
  });

  it.each([{ size: 'small' }, { dyno_size: 'small' }, { dyno_size: { name: 'small' } }])(
    'takes the one size there is: %j',
    async (size) => {
      const answer = await door.call('PATCH', '/apps/demo/formation/web', { body: { quantity: 2, ...size } });
      expect(formation.parse(answer.body)).toMatchObject({ type: 'web', quantity: 2 });
    },
  );

  it.each([
    ['99999999999999999999', /^demo would have a million or more instances; at most 28 /],
    [`+${'9'.repeat(400)}`, /^demo would have a million or more instances; at most 28 /],
    [`-${'9'.repeat(400)}`, /between 0 and 28/],
  ])('names the limit also to who asks for more than a number can count: %s', async (quantity, says) => {
    const answer = await door.call('PATCH', '/apps/demo/formation/worker', { body: { quantity } });
    expect(answer).toMatchObject({ status: 422, body: { message: expect.stringMatching(says) as string } });
    expect(door.world.writes).toEqual([]);
  });
});
