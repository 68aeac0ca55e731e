package netfilter

import "iter"

// storedRules are the rules of a chain as the kernel has them. Each is taken
// apart when it is wanted, and then stays the same Rule.
type storedRules struct {
	rules []storedRule
	none  bool // there are no rules, whether they were read or not
	some  bool // there are
	whole bool // all were read
	from  origin
}

// origin is what knows how to read a chain's rules, and to take them apart.
type origin interface {
	// fetch adds some that follow, or says that they are whole.
	fetch(s *storedRules)
	// decode takes a rule apart, but for one with a condition that misses says
	// is not met: that is nil.
	decode(r *storedRule, misses func(*Match) bool) *Rule
	// uses says whether a rule has an expression with one of the names.
	uses(r *storedRule, names map[string]bool) bool
}

// storedRule is one rule: the attributes of nf_tables or an entry of x_tables.
type storedRule struct {
	raw  []byte
	at   uint32 // where the entry is in its table
	rule *Rule  // once it was wanted
}

// Empty says whether the chain has no rules.
func (c *Chain) Empty() bool {
	if c.stored == nil {
		return len(c.Rules) == 0
	}
	return c.stored.none || !c.stored.some && !c.stored.reach(0)
}

// Walk yields the rules in their order. Those of which misses says that a
// condition at their beginning is not met are left out, and most of these are
// never taken apart any further: misses is asked about conditions that are Known
// and come before all effects. Without misses there are all rules. A condition
// is valid during the call only.
func (c *Chain) Walk(misses func(*Match) bool) iter.Seq[*Rule] {
	return func(yield func(*Rule) bool) {
		if c.stored == nil {
			for i := range c.Rules {
				if !c.Rules[i].missed(misses) && !yield(&c.Rules[i]) {
					return
				}
			}
			return
		}
		for i := 0; c.stored.reach(i); i++ {
			if rule := c.stored.get(i, misses); rule != nil && !yield(rule) {
				return
			}
		}
	}
}

// Uses says whether a rule of the chain has an expression with one of the names,
// which are those of Expr.
func (c *Chain) Uses(names map[string]bool) bool {
	for i := range c.Rules {
		if c.Rules[i].uses(names) {
			return true
		}
	}
	for i := 0; c.stored != nil && !c.stored.none && c.stored.reach(i); i++ {
		if c.stored.from.uses(&c.stored.rules[i], names) {
			return true
		}
	}
	return false
}

// Has says whether the rule is one that Walk has yielded of this chain.
func (c *Chain) Has(rule *Rule) bool {
	for i := range c.Rules {
		if &c.Rules[i] == rule {
			return true
		}
	}
	if c.stored != nil {
		for i := range c.stored.rules {
			if c.stored.rules[i].rule == rule {
				return true
			}
		}
	}
	return false
}

// reach reads until there is a rule with that index, and says whether there is.
func (s *storedRules) reach(i int) bool {
	for i >= len(s.rules) && !s.whole {
		s.from.fetch(s)
	}
	return i < len(s.rules)
}

// get is a rule, or nil when misses says so.
func (s *storedRules) get(i int, misses func(*Match) bool) *Rule {
	r := &s.rules[i]
	if r.rule == nil {
		r.rule = s.from.decode(r, misses)
		return r.rule
	}
	if r.rule.missed(misses) {
		return nil
	}
	return r.rule
}

func (r *Rule) missed(misses func(*Match) bool) bool {
	if misses == nil {
		return false
	}
	for i := range r.Matches {
		if !r.Matches[i].Known() || len(r.Effects) > 0 && r.Effects[0].After <= i {
			return false
		}
		if misses(&r.Matches[i]) {
			return true
		}
	}
	return false
}

func (r *Rule) uses(names map[string]bool) bool {
	for _, x := range r.Exprs {
		if names[x.Name] {
			return true
		}
	}
	return false
}
