import { expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { pruneTranscripts } from './transcript-pruning.ts';

const patient = new AbortController().signal;

it('prunes until there is nothing left to prune, and keeps those of twenty builds', async () => {
  const left = [50, 7];
  const asked: number[] = [];
  const prune = (keep: number): Promise<number> => {
    asked.push(keep);
    return Promise.resolve(left.shift() ?? 0);
  };
  await pruneTranscripts({ transcripts: { prune }, log: quietLog() }, patient);
  expect(asked).toEqual([20, 20, 20]);
});
