import { expect, it } from 'vitest';
import { createSeats } from './seats.ts';

it('gives each taker so many places, whatever others have', () => {
  const seats = createSeats({ each: 2, all: 10 });
  const [first] = [seats.take('ann'), seats.take('ann')];
  expect(seats.take('ann')).toBeUndefined();
  expect(seats.take('bob')).toBeDefined();
  first?.();
  expect(seats.take('ann')).toBeDefined();
});

it('gives all together no more than there are', () => {
  const seats = createSeats({ each: 2, all: 2 });
  const leave = seats.take('ann');
  seats.take('bob');
  expect(seats.take('eve')).toBeUndefined();
  leave?.();
  expect(seats.take('eve')).toBeDefined();
});

it('takes a place back once', () => {
  const seats = createSeats({ each: 1, all: 1 });
  const leave = seats.take('ann');
  leave?.();
  leave?.();
  expect(seats.take('ann')).toBeDefined();
  expect(seats.take('bob')).toBeUndefined();
});
