"""The judge is judged: what looks complete and is short, and what hangs, must not pass."""

import dataclasses
import unittest

import plan
from verdict import COMPLETE, ERROR, FOREIGN_LOSS, FOREIGN_WAIT, HANG, SHORT, Party, Scene, judge

SIZE = 100


def node(number, **changes):
    party = Party(f"node {number}", "well", got=SIZE, believes=True, gave=SIZE)
    return dataclasses.replace(party, **changes)


def foreign(number, **changes):
    return node(number, state="", is_ours=False, got=None, believes=False, gave=None, **changes)


def failed(number, got=50):
    return node(number, state="failed", got=got, believes=False, gave=got)


def waiting(number, got=50):
    return node(number, state="open", got=got, believes=False, gave=got)


def scene(*nodes, pusher="well", puller="well", pulled=SIZE, said=None, **changes):
    parties = [Party("the pusher", pusher), *nodes]
    parties.append(Party("the puller", puller, got=pulled, believes=puller == "well"))
    hops = len(parties) - 1
    return Scene(parties, said or [(SIZE, True)] * hops, [SIZE] * hops, awaits=True, **changes)


class Verdicts(unittest.TestCase):
    def expect(self, outcome, given):
        found, reason = judge(given)
        self.assertEqual(found, outcome, reason)

    def test_complete(self):
        self.expect(COMPLETE, scene(node(0), node(1)))
        self.expect(COMPLETE, scene(node(0), foreign(1), node(2)))

    def test_everybody_heard_of_the_error(self):
        broken = [(SIZE, True), (50, False), (50, False)]
        self.expect(
            ERROR,
            scene(failed(0, SIZE), failed(1), pusher="failed", puller="failed", pulled=50, said=broken),
        )

    def test_the_end_of_the_last_hop_may_be_lost_when_all_was_sent(self):
        self.expect(ERROR, scene(node(0), node(1), puller="failed", pulled=90))

    def test_a_node_of_ours_that_says_done_too_early(self):
        said = [(SIZE, True), (50, True), (50, True)]
        short = [failed(0), node(1, got=50, gave=50)]
        self.expect(SHORT, scene(*short, pusher="failed", pulled=50, said=said))

    def test_a_dead_node_of_ours_that_had_said_done_too_early(self):
        said = [(50, False), (50, True), (50, True), (50, True)]
        parties = [node(0, state="dead", got=None, believes=False), foreign(1), node(2, got=50, gave=50)]
        self.expect(SHORT, scene(*parties, pusher="failed", pulled=50, said=said))

    def test_a_node_of_ours_that_takes_a_broken_push_for_its_end(self):
        said = [(SIZE, True), (50, False), (50, True)]
        self.expect(
            SHORT, scene(node(0), node(1, got=50, gave=50), pusher="failed", pulled=50, said=said)
        )

    def test_a_puller_that_gets_a_part_for_the_whole(self):
        self.expect(SHORT, scene(node(0), node(1), pulled=99))

    def test_a_node_that_finishes_without_an_end(self):
        self.expect(
            SHORT,
            scene(node(0, believes=False), failed(1), pusher="failed", puller="failed", pulled=0),
        )

    def test_a_node_that_finishes_before_it_has_given_all(self):
        self.expect(SHORT, scene(node(0, gave=99), failed(1), puller="failed", pulled=0))

    def test_a_late_pull_of_a_finished_task_may_break(self):
        said = [(SIZE, True), (SIZE, True), (50, False)]
        late = node(1, gave=0)
        self.expect(ERROR, scene(node(0), late, puller="failed", pulled=50, said=said))

    def test_a_failure_that_does_not_travel_up(self):
        said = [(SIZE, True), (SIZE, True), (50, False)]
        behind = failed(1, SIZE)
        self.expect(SHORT, scene(node(0), behind, puller="failed", pulled=50, said=said))
        first = failed(0, SIZE)
        self.expect(SHORT, scene(first, behind, puller="failed", pulled=50, said=said))

    def test_other_bytes(self):
        self.expect(SHORT, scene(node(0), node(1), is_other=True))

    def test_what_a_foreign_node_loses(self):
        said = [(SIZE, True), (50, False), (50, True), (50, True)]
        lost = [failed(0, SIZE), foreign(1), node(2, got=50, gave=50)]
        self.expect(FOREIGN_LOSS, scene(*lost, pusher="failed", pulled=50, said=said))
        # What ours lose behind it is ours again.
        worse = [failed(0, SIZE), foreign(1), node(2, got=40, gave=40)]
        self.expect(SHORT, scene(*worse, pusher="failed", pulled=40, said=said))
        said = [(SIZE, True), (50, False), (50, True), (40, True)]
        self.expect(SHORT, scene(*lost, pusher="failed", pulled=40, said=said))

    def test_whoever_waits_for_one_of_ours_hangs(self):
        said = [(50, False)] * 3
        self.expect(
            HANG, scene(failed(0), waiting(1), pusher="failed", puller="open", pulled=50, said=said)
        )
        self.expect(HANG, scene(failed(0), failed(1), pusher="open", puller="failed", pulled=50, said=said))
        self.expect(
            HANG, scene(waiting(0), waiting(1), pusher="open", puller="open", pulled=50, said=said)
        )

    def test_who_may_wait_for_a_foreign_node(self):
        said = [(50, False)] * 4
        given = {"pusher": "failed", "puller": "open", "pulled": 50, "said": said}
        waits = [failed(0), foreign(1), waiting(2)]
        self.expect(FOREIGN_WAIT, scene(*waits, **given))
        # Not over a hop that broke, nor for one that is dead.
        self.expect(HANG, scene(*waits, broken=2, **given))
        dead = dataclasses.replace(foreign(1), state="dead")
        self.expect(HANG, scene(failed(0), dead, waiting(2), **given))


class Plans(unittest.TestCase):
    def test_a_seed_says_it_all(self):
        for seed in range(300):
            self.assertEqual(plan.make(seed), plan.make(seed))

    def test_everything_comes_up(self):
        plans = [plan.make(seed) for seed in range(1000)]
        self.assertEqual({each.kind for each in plans}, set(plan.KINDS))
        self.assertEqual({len(each.nodes) for each in plans}, {2, 3, 4, 5})
        nodes = {kind for each in plans for kind in each.nodes}
        self.assertEqual(nodes, {*plan.COPIES, "generate", "sum", plan.FOREIGN})
        self.assertTrue(all(any(kind != plan.FOREIGN for kind in each.nodes) for each in plans))
        self.assertGreater(max(each.size for each in plans), 3 << 20)

    def test_bits_flip_between_ours(self):
        for seed in range(300):
            made = plan.make(seed, ["corrupt"])
            self.assertNotIn(plan.FOREIGN, made.nodes[made.hop - 1 : made.hop + 1])
            self.assertIn(made.hop, range(1, made.last_hop))

    def test_only(self):
        self.assertEqual({plan.make(seed, ["fin"]).kind for seed in range(50)}, {"fin"})


if __name__ == "__main__":
    unittest.main()
