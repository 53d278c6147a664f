"""Which door a call goes through: models and their facts, regions, serving modes, addresses."""
