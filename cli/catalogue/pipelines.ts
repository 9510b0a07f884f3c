import type { CommandSpec, OptionSpec, TopicSpec } from '../command.ts';

const STAGE: OptionSpec = {
  flags: '-s, --stage <stage>',
  says: 'test, review, development, staging or production; else what the name of the app tells',
};

const command = (
  name: string,
  summary: string,
  example: string,
  load: CommandSpec['load'],
  more: Partial<CommandSpec> & Pick<CommandSpec, 'prints'>,
): CommandSpec => ({ name, summary, examples: [example], load, ...more });

export const pipelines: TopicSpec = {
  title: 'Pipelines',
  commands: [
    command(
      'pipelines',
      'list your pipelines',
      'gantry pipelines',
      () => import('../commands/pipelines/list.ts'),
      { prints: 'Pipeline[]' },
    ),
    command(
      'pipelines:create',
      'make a pipeline with an app in it',
      'gantry pipelines:create shop -a shop-staging -s staging',
      () => import('../commands/pipelines/create.ts'),
      {
        prints: 'PipelineInfo',
        args: '[name]',
        onApp: true,
        options: [
          STAGE,
          { flags: '-t, --team <team>', says: 'the team that is to own it; else it is yours' },
        ],
        details:
          'A pipeline holds the apps of one codebase in stages. What has proved itself in one is promoted to the next: the same image, with the config of the app it goes to.',
      },
    ),
    command(
      'pipelines:add',
      'put an app into a pipeline',
      'gantry pipelines:add shop -a shop-production -s production',
      () => import('../commands/pipelines/add.ts'),
      { prints: 'PipelineCoupling', args: '<pipeline>', onApp: true, options: [STAGE] },
    ),
    command(
      'pipelines:info',
      'show the apps in a pipeline',
      'gantry pipelines:info shop',
      () => import('../commands/pipelines/info.ts'),
      {
        prints: 'PipelineInfo',
        args: '<pipeline>',
        options: [{ flags: '--with-owners', says: 'show to whom each app belongs' }],
      },
    ),
    command(
      'pipelines:update',
      'move an app to another stage of its pipeline',
      'gantry pipelines:update -a shop-staging -s production',
      () => import('../commands/pipelines/update.ts'),
      { prints: 'PipelineCoupling', onApp: true, options: [STAGE] },
    ),
    command(
      'pipelines:remove',
      'take an app out of its pipeline',
      'gantry pipelines:remove -a shop-staging',
      () => import('../commands/pipelines/remove.ts'),
      { prints: 'PipelineCoupling', onApp: true },
    ),
    command(
      'pipelines:rename',
      'give a pipeline another name',
      'gantry pipelines:rename shop store',
      () => import('../commands/pipelines/rename.ts'),
      { prints: 'Pipeline', args: '<pipeline> <name>' },
    ),
    command(
      'pipelines:destroy',
      'destroy a pipeline; its apps stay what they are',
      'gantry pipelines:destroy shop --confirm shop',
      () => import('../commands/pipelines/destroy.ts'),
      {
        prints: 'Pipeline',
        args: '<pipeline>',
        options: [{ flags: '-c, --confirm <name>', says: 'the name again, to go on without asking' }],
      },
    ),
    command(
      'pipelines:transfer',
      'give a pipeline to somebody, or to a team',
      'gantry pipelines:transfer acme -p shop --confirm shop',
      () => import('../commands/pipelines/transfer.ts'),
      {
        prints: 'PipelineTransfer',
        args: '<owner>',
        options: [
          { flags: '-p, --pipeline <name>', says: 'the pipeline' },
          { flags: '-c, --confirm <name>', says: 'the name again, to go on without asking' },
        ],
      },
    ),
    command(
      'pipelines:promote',
      'make the release of an app a release of those of the next stage',
      'gantry pipelines:promote -a shop-staging',
      () => import('../commands/pipelines/promote.ts'),
      {
        prints: 'PromotionTarget[]',
        onApp: true,
        deploys: true,
        options: [
          {
            flags: '-t, --to <apps>',
            says: 'apps of the pipeline, with commas between; else all of the next stage',
          },
        ],
        details:
          'Each app gets the same image with its own config, through the same health checks as a deploy. It fails when one of them does, and what ran there before goes on.',
      },
    ),
    command(
      'pipelines:diff',
      'compare what an app runs with what the apps of the next stage run',
      'gantry pipelines:diff -a shop-staging',
      () => import('../commands/pipelines/diff.ts'),
      { prints: 'PipelineDiff', onApp: true },
    ),
    command(
      'pipelines:open',
      'say where a pipeline is to be seen, which has no page of its own here',
      'gantry pipelines:open shop',
      () => import('../commands/pipelines/open.ts'),
      { prints: null, args: '<pipeline>' },
    ),
  ],
};
