"""What a study is: rooms put together, one function a study, no arithmetic.

``experiment`` reads the file that a person writes, ``workspace`` says where things lie, ``whole`` walks a study from
the feed to the doors, and the modules named after a step compose the rooms that the step needs.
"""
