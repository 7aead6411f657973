"""A web service of your own that says at once who a new plan conflicts with.

Run it:   pip install skyparley fastapi uvicorn
          uvicorn fastapi_service:app --app-dir examples
File two: curl -X POST localhost:8000/plans -H 'content-type: application/json' --data-binary @plans.geojson

It keeps its plans in memory and in one index.  There is no node, no key and no configuration in it: for a record that
proves who told what to whom, run a node instead.
"""

from fastapi import FastAPI, HTTPException, Request

from skyparley import Plan, VolumeIndex, profile, read

app = FastAPI(title="Who conflicts with whom")
separation = profile("civil-military").separation
index = VolumeIndex()
plans: dict[tuple[str, str], Plan] = {}


@app.post("/plans")
async def file(request: Request) -> dict[str, list[str]]:
    """Takes any file that Skyparley reads, all of it or none, and answers with the conflicts of each plan."""
    reading = read("body", await request.body())
    taken = [plan.id for plan in reading.plans if (plan.party, plan.id) in plans]
    if reading.flaws or taken:
        wrong = [f"{flaw.place}: {flaw.reason.text}" for flaw in reading.flaws]
        raise HTTPException(422, [*wrong, *(f"{id}: there is such a plan; DELETE it first" for id in taken)])
    return {plan.id: add(plan) for plan in reading.plans}


@app.delete("/plans/{party}/{id}")
def withdraw(party: str, id: str) -> None:
    """Forgets a plan."""
    if (party, id) not in plans:
        raise HTTPException(404, f"{party} has no plan {id}")
    for place in range(len(plans.pop((party, id)).volumes)):
        index.remove((party, id, place))


def add(plan: Plan) -> list[str]:
    """Files a plan and names the plans of other parties that it conflicts with."""
    met = set()
    for volume in plan.volumes:
        for (party, id, _), _ in index.conflicts(volume, separation, skip=lambda key: key[0] == plan.party):
            met.add(f"{party} {id}")
    for place, volume in enumerate(plan.volumes):
        index.add((plan.party, plan.id, place), volume)
    plans[plan.party, plan.id] = plan
    return sorted(met)
