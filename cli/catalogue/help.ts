import type { TopicSpec } from '../command.ts';

export const help: TopicSpec = {
  title: 'Help',
  commands: [
    {
      name: 'completion',
      aliases: ['autocomplete'],
      summary: 'print what completes commands, options and names of apps in your shell',
      details:
        'For bash, zsh or fish. With apps it prints the names of your apps, as the shell asks for them: known for ten seconds, and none where they cannot be known.',
      args: '<shell>',
      local: true,
      prints: null,
      examples: [
        'gantry completion bash > ~/.local/share/bash-completion/completions/gantry',
        'gantry completion zsh > ~/.zfunc/_gantry',
        'gantry completion fish > ~/.config/fish/completions/gantry.fish',
      ],
      load: () => import('../commands/help/completion.ts'),
    },
    {
      name: 'docs',
      summary: 'show where the documentation is',
      details: 'The pages lie beside this command. With the name of one, print its path and nothing else.',
      args: '[page]',
      local: true,
      prints: ['Page[]', 'Page'],
      examples: ['gantry docs', 'gantry docs cli', 'gantry docs gantry.1'],
      load: () => import('../commands/help/docs.ts'),
    },
    {
      name: 'version',
      summary: 'show the version of this command',
      prints: 'Version',
      examples: ['gantry version'],
      load: () => import('../commands/account/version.ts'),
    },
  ],
};
