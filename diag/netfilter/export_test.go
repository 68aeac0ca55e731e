package netfilter

// RulesRead is how many rules of the chain have been read.
func (c *Chain) RulesRead() int { return len(c.stored.rules) }

// Streams is how many dumps of the set's rules are open.
func (s *RuleSet) Streams() int { return len(s.source.streams) }
