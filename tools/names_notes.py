"""Notes with somebody in them, notes with nobody, and notes of other wording that are held out, for ``train_names.py``."""

__all__ = ["HELD_NOTES", "NOTES", "PLAIN"]

#: {S} is a surname, {G} a given name
NOTES = """
{S} came late
{S} called in sick today
{S} was here again
{S} fell asleep
{S} stopped the recording
{S} moved during run 2
{S} coughs
{S} spoke to the subject
{S} asked for a break
{S} wants to stop
{S} is tired and anxious
{S} has a headache
{S} refused the second scan
told {S} about the results
ask {S} before analysis
seen by {S}
checked by {S}
recorded by {S} and {S}
reported to {S}
referred by {S}
sent to {S}
tested by {S} in the morning
Performed by {S}.
scan of {S}
data from {S}
file of {S}, second session
notes of {S}
with {S} in the room
mother of {S} present
{S}'s mother was present
{S}'s data were lost
{S}'s cap was loose
see {S} for details
call {S} tomorrow
spoke with {S} on the phone
appointment with {S} at noon
thanks to {S}
replaced by {S}
same as {S} last week
{S} 2nd visit
{S} pre op
{S} baseline
{S}, follow up
{S} (operator)
{S}: eyes closed
{S} - artefact
operator {S}
tech {S}
nurse {S}
patient {S}
subject {S} was drowsy
participant {S} moved
surgeon {S} entered
resident {S} on call
PI {S}
student {S} took over
{G} came late
{G} took over from {G}
{G} {S} was here
{G} fell asleep
ask {G}
told {G} to relax
{G} was nervous
{S} family history of epilepsy
As {S} said, the cap was loose
According to {S} the seizure began at 10
Because {S} moved, run 3 was repeated
After lunch {S} slept
Then {S} pressed the wrong button
We called {S} twice
Electrode fixed by {S}
Injection given by {S}
Consent signed by {S}
Video shows {S} sitting
Impedance checked, {S} ok
Restarted, {S} needed water
talk to {S}
{S}
{S} rest
{S} left the room
{S} talking
{S} laughing
{S} enters
phone of {S} rang
""".strip().splitlines()
#: notes without anybody in them; {A} is a word of science
PLAIN = """
{A} electrode bad
Electrode {A} fixed
{A} noisy
Bad channel {A}
{A} block begins
Start of {A} task
{A} condition
{A} test done
{A} filter applied
Eyes closed, {A} rhythm
Stimulus {A}
Seizure over {A}
Lesion in {A} area
{A} area stimulated
damage to {A}'s area
{A}'s area
{A}'s gyrus
{A} score 24
{A} scale, version 2
the {A} paradigm
{A} atlas, 17 networks
{A} wavelet, 7 cycles
Recorded with {A}
Amplifier {A}
{A} scanner, 3 T
Moved during {A}
{A} disease, stage 2
patients with {A} disease
{A} syndrome
{A}
Response {A}
Button {A} pressed
Left {A} stimulated
""".strip().splitlines()
#: of other wording, for the threshold
HELD_NOTES = """
{S} sneezed twice
waiting for {S}
{S} arrived with her husband
please contact {S} first
{S} pulled the cable
electrode cap put on by {S}
{S} withdrew after the break
spoke to {S}
{S} looked sleepy
Protocol deviation, see {S}
{S} on duty
{G} pressed early
{S} repeats the task
handed over to {S}
{S} held still
as discussed with {S}
{S} took medication at 8
""".strip().splitlines()
