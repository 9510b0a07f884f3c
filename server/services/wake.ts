/** Tells the controller that an app is worth a look. A hint: it looks by itself every second. */
export interface Wake {
  wake(appId: string): void;
}
