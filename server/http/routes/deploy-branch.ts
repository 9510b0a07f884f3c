import { Router } from 'express';
import { setDeployBranch } from '../../contract/requests.ts';
import type { Answering } from '../answer.ts';
import { actorOf, identityOf } from '../context.ts';
import type { Services } from '../services.ts';

/** The branch whose pushes deploy an app: our own, which the Platform API does not have. */
export function deployBranchRoutes(apps: Services['apps'], { read, write }: Answering): Router {
  return Router()
    .get(
      '/gantry/apps/:app/deploy-branch',
      read(async (req, res, signal) => {
        const app = await apps.find(actorOf(res), identityOf(req, 'app', 'app'), signal);
        return { body: { branch: app.deployBranch } };
      }),
    )
    .put(
      '/gantry/apps/:app/deploy-branch',
      write(async (req, res, signal) => {
        const { branch } = setDeployBranch.parse(req.body ?? {});
        const app = await apps.setDeployBranch(actorOf(res), identityOf(req, 'app', 'app'), branch, signal);
        return { body: { branch: app.deployBranch } };
      }),
    );
}
