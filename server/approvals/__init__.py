"""Four eyes: an operation waits until the people whom policy names agree to exactly what would run.

requests.py keeps the requests and moves them from state to state, voting.py says who may
answer, facts.py what they are shown. stage.py is the pipeline's stage that uses them.
"""
