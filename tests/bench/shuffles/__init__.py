"""The promise on real streams in many orders: does what is answered locally agree as often as the target says?"""
