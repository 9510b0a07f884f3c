/**
 * What is asked in one turn of the event loop goes to the database as one question: under load a round trip costs more
 * than its answer. Nobody waits for it, and nothing is answered from memory: each answer was read after it was asked for.
 *
 * `askAll` answers in the order of the keys. When it fails, all who asked with it hear so: it must not be given a key
 * that can make it fail.
 */
export function together<Key, Answer>(
  askAll: (keys: readonly Key[]) => Promise<readonly Answer[]>,
): (key: Key) => Promise<Answer> {
  let waiting: Asked<Key, Answer>[] = [];

  function askWaiting(): void {
    const asked = waiting;
    waiting = [];
    askAll(asked.map(({ key }) => key)).then(
      (answers) => {
        asked.forEach((one, nth) => {
          // As many answers as keys, by the contract of `askAll`.
          one.resolve(answers[nth] as Answer);
        });
      },
      (err: unknown) => {
        for (const { reject } of asked) reject(err);
      },
    );
  }

  return (key) =>
    new Promise((resolve, reject) => {
      // After everything that has arrived by now was read.
      if (waiting.length === 0) setImmediate(askWaiting);
      waiting.push({ key, resolve, reject });
    });
}

interface Asked<Key, Answer> {
  readonly key: Key;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (err: unknown) => void;
}
