import { describe, expect, it } from 'vitest';
import { createNpmSettings } from './npm-settings.ts';

const patient = new AbortController().signal;
const says = (stdout: string, code: number | null = 0) => ({ code, stdout });

describe('the settings of npm in builds', () => {
  it('name the registry that npm on this machine uses, which is asked once', async () => {
    let asked = 0;
    const settings = createNpmSettings(patient, () =>
      Promise.resolve(says(`https://npm.corp.example/r/${(asked += 1)}/\n`)),
    );
    const first = await settings(patient);
    expect(first).toEqual({ npm_config_registry: 'https://npm.corp.example/r/1/' });
    expect(await settings(patient)).toBe(first);
  });

  it.each([
    says('https://npm.corp.example/', 1),
    says('https://npm.corp.example/', null),
    ...['', 'undefined\n', 'npm.corp.example', 'https://a b', 'file:///etc'].map((text) => says(text)),
  ])('are none when it answers %j', async (answer) => {
    expect(await createNpmSettings(patient, () => Promise.resolve(answer))(patient)).toEqual({});
  });

  it('are none for this build when npm is not there or does not answer, and asked for again by the next', async () => {
    const answers = [
      Promise.reject(new Error('spawn npm ENOENT')),
      Promise.resolve(says('http://later.example/')),
    ];
    const settings = createNpmSettings(
      patient,
      () => answers.shift() ?? Promise.reject(new Error('asked too often')),
    );
    expect(await settings(patient)).toEqual({});
    expect(await settings(patient)).toEqual({ npm_config_registry: 'http://later.example/' });
  });

  it('are asked for once by builds that come together, and not given up with one that is cancelled', async () => {
    let asked = 0;
    const answers: ((answer: ReturnType<typeof says>) => void)[] = [];
    const settings = createNpmSettings(patient, () => {
      asked += 1;
      return new Promise((resolve) => void answers.push(resolve));
    });
    const cancelled = new AbortController();
    const first = settings(cancelled.signal);
    const others = [settings(patient), settings(patient)];
    cancelled.abort(new Error('the build was cancelled'));
    await expect(first).rejects.toThrow('the build was cancelled');
    await expect(settings(cancelled.signal)).rejects.toThrow('the build was cancelled');
    for (const answer of answers) answer(says('https://npm.corp.example/'));
    const known = { npm_config_registry: 'https://npm.corp.example/' };
    expect(await Promise.all(others)).toEqual([known, known]);
    expect(asked).toBe(1);
  });

  it('are asked for until the builder ends', async () => {
    const life = new AbortController();
    let told: AbortSignal | undefined;
    void createNpmSettings(life.signal, (signal) => {
      told = signal;
      return Promise.resolve(says(''));
    })(patient);
    life.abort(new Error('the builder is shutting down'));
    expect(told?.aborted).toBe(true);
    await Promise.resolve();
  });
});
