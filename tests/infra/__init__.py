"""The synthesized template: what would exist on AWS, and who may do what there."""
