import { row } from '../../../lib/errors.ts';

/** The rows of the error table about requests as such: how they are made, and how many there are. */
export const REQUEST_FAILURES = {
  bad_request: row<{ problem: string }>({
    retry: false,
    say: ({ problem }) => `The request could not be read: ${problem}.`,
  }),
  not_acceptable: row<{ version: string }>({
    retry: false,
    say: ({ version }) =>
      `This is version 3 of the API, and there is no version ${version} of it; send Accept: application/vnd.heroku+json; version=3.`,
  }),
  request_timeout: row<object>({
    retry: true,
    say: () => 'The request did not arrive whole in the time it had; send it again, all of it at once.',
  }),
  head_too_large: row<object>({
    retry: false,
    say: () => 'The path and the header fields of the request are longer than 16 KB together; shorten them.',
  }),
  body_too_large: row<object>({
    retry: false,
    say: () => 'The body of the request is larger than 1 MB; send less at once.',
  }),
  method_unknown: row<{ method: string }>({
    retry: false,
    say: ({ method }) => `${method} is no method of HTTP; use GET, POST, PUT, PATCH or DELETE.`,
  }),
  expectation_failed: row<object>({
    retry: false,
    say: () =>
      'The request expects (Expect) what no server does but 100-continue; send it without that header.',
  }),
  outcome_unknown: row<object>({
    retry: false,
    say: () =>
      'This call was begun before and cut off by a restart of the platform, so it may or may not have been done; look at what is there, then make it anew.',
  }),
  rate_limit: row<object>({
    retry: true,
    say: () =>
      'Too many requests at once, or in an hour, with this token or with all of your tokens together; wait a minute and retry.',
  }),
  too_many_tokens: row<{ limit: number }>({
    retry: false,
    say: ({ limit }) =>
      `You have ${limit} tokens, which is the most; revoke those that nobody uses (gantry authorizations, gantry authorizations:revoke).`,
  }),
  too_many_streams: row<{ limit: number }>({
    retry: true,
    say: ({ limit }) =>
      `You follow ${limit} streams already, which is the most, or everybody together follows too many; end one and retry.`,
  }),
  too_many_git_commands: row<object>({
    retry: true,
    say: () => 'Too many git commands are running at once; wait for one to finish and retry.',
  }),
  git_too_slow: row<{ seconds: number }>({
    retry: true,
    say: ({ seconds }) =>
      `Git was not done after ${seconds} s and was ended, and nothing was changed; retry over a faster connection, or with less at a time.`,
  }),
};
