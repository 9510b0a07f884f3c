import type { Values } from '../domain/happening.ts';
import type { Told } from '../domain/webhook-news.ts';

/** The words of the API, for who has to tell something in them without an API call: its door knows them (decision 0027). */
export interface Wire {
  /**
   * What a call of the API would show of a thing, and would have shown before: its resource, with the fields that the
   * contract names and no others.
   */
  resourcesOf(told: Told): { readonly data: Values; readonly was: Values | null };
}
