"""What we conclude: the nouns of judgement, the policy engine, and the rule packs."""
