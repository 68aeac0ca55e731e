package nft

import (
	"slices"
	"strings"

	"github.com/google/nftables"

	"nstutor/internal/say"
)

// Verb is what a sentence does.
type Verb string

// The verbs.
const (
	Add    Verb = "add"
	Insert Verb = "insert" // of a rule: before all others of its chain
	Delete Verb = "delete"
	Flush  Verb = "flush"
)

// Sentence is one thing that a line of nft says: `add rule ip svc pre …`.
type Sentence struct {
	Verb   Verb
	Object string // "table", "chain", "rule", "map", "set" or "element"
	Family string // "ip", "ip6", "inet", "bridge", "netdev" or "arp"
	Table  string
	Name   string // of the chain, the map or the set; empty for a table
	rest   []string
}

// Parse reads the words behind `nft`: sentences with ";" between them.
func Parse(words []string) ([]Sentence, error) {
	var all []Sentence
	for _, tokens := range split(scan(words)) {
		s, err := read(tokens)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if all == nil {
		return nil, say.Err("nothing is said", "没有内容")
	}
	return all, nil
}

// Rule is the sentence that adds or inserts a rule, to a chain of any name: a stranger's
// may be one that no line can say.
func Rule(verb Verb, family, table, chain string, words ...string) (Sentence, error) {
	s := Sentence{Verb: verb, Object: "rule", Family: family, Table: table, Name: chain, rest: scan(words)}
	if _, known := families[family]; !known {
		return s, say.Err("%q is no family of tables", "%q 不是表的协议族", family)
	}
	return s, s.check()
}

// Do makes what the sentences say in the calling thread's namespace, all of it or
// nothing.
func Do(sentences []Sentence) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	for _, s := range sentences {
		if err := s.queue(conn); err != nil {
			return err
		}
	}
	return conn.Flush()
}

// HasChain says whether a table of the calling thread's namespace has a chain.
func HasChain(family, table, chain string) (bool, error) {
	conn, err := nftables.New()
	if err != nil {
		return false, err
	}
	chains, err := conn.ListChainsOfTableFamily(Sentence{Family: family, Table: table}.table().Family)
	return slices.ContainsFunc(chains, func(c *nftables.Chain) bool { return c.Table.Name == table && c.Name == chain }), err
}

// marks are the characters that are words of their own.
const marks = "{},;"

// scan cuts what was said into words. What stands in quotes is one, whatever is in it.
func scan(said []string) (words []string) {
	for _, piece := range said {
		if quoted(piece) {
			words = append(words, piece)
			continue
		}
		for _, mark := range marks {
			piece = strings.ReplaceAll(piece, string(mark), " "+string(mark)+" ")
		}
		words = append(words, strings.Fields(piece)...)
	}
	return words
}

func quoted(word string) bool {
	return len(word) > 1 && strings.HasPrefix(word, `"`) && strings.HasSuffix(word, `"`)
}

// split cuts words at each ";" that stands in no braces.
func split(words []string) (all [][]string) {
	var one []string
	depth := 0
	for _, word := range append(words, ";") {
		switch word {
		case "{":
			depth++
		case "}":
			depth--
		case ";":
			if depth == 0 {
				if one != nil {
					all = append(all, one)
				}
				one = nil
				continue
			}
		}
		one = append(one, word)
	}
	if one != nil { // a brace is open
		all = append(all, one)
	}
	return all
}

// named are the objects that have a name in their table.
var named = []string{"chain", "rule", "map", "set", "element"}

func read(words []string) (s Sentence, err error) {
	if len(words) < 3 {
		return s, say.Err("%q says too little", "%q 说得不够", strings.Join(words, " "))
	}
	s.Verb, s.Object, words = Verb(words[0]), words[1], words[2:]
	s.Family = "ip"
	if _, known := families[words[0]]; known {
		s.Family, words = words[0], words[1:]
	}
	least := 1
	if slices.Contains(named, s.Object) {
		least = 2
	}
	if len(words) < least {
		return s, say.Err("%s %s what?", "%s %s 后面缺少内容", s.Verb, s.Object)
	}
	s.Table, words = words[0], words[1:]
	if least == 2 {
		s.Name, words = words[0], words[1:]
	}
	s.rest = words
	return s, s.check()
}

// check reads what the sentence says without saying it.
func (s Sentence) check() error {
	conn := &nftables.Conn{}
	return s.queue(conn)
}

// Opposite takes back what a sentence has added, or adds again what it has deleted;
// not ok where nothing does.
func (s Sentence) Opposite() (Sentence, bool) {
	verb, ok := map[Verb]Verb{Add: Delete, Delete: Add}[s.Verb]
	if !ok || verb == Add && s.Object != "element" {
		return s, false
	}
	if s.Verb, s.rest = verb, slices.Clone(s.rest); s.Object != "element" {
		s.rest = nil
	}
	return s, true
}

// queue has the connection say the sentence with its next flush.
func (s Sentence) queue(conn *nftables.Conn) error {
	if queue, ok := sayings[s.Verb][s.Object]; ok {
		return queue(s, conn)
	}
	return say.Err("%q is not understood here", "这里不认识 %q", string(s.Verb)+" "+s.Object)
}

// sayings are what can be said.
var sayings = map[Verb]map[string]func(Sentence, *nftables.Conn) error{
	Add: {
		"table": Sentence.addTable, "chain": Sentence.addChain, "rule": Sentence.addRule,
		"map": Sentence.addMap, "set": Sentence.addSet, "element": Sentence.addElement,
	},
	Insert: {"rule": Sentence.addRule},
	Delete: {"table": Sentence.deleteTable, "chain": Sentence.deleteChain, "rule": Sentence.deleteRule, "map": Sentence.deleteMap, "set": Sentence.deleteSet, "element": Sentence.deleteElement},
	Flush:  {"table": Sentence.flushTable, "chain": Sentence.flushChain},
}

// families are those of tables.
var families = map[string]nftables.TableFamily{
	"ip": nftables.TableFamilyIPv4, "ip6": nftables.TableFamilyIPv6, "inet": nftables.TableFamilyINet,
	"bridge": nftables.TableFamilyBridge, "netdev": nftables.TableFamilyNetdev, "arp": nftables.TableFamilyARP,
}

// table is the sentence's table.
func (s Sentence) table() *nftables.Table {
	return &nftables.Table{Family: families[s.Family], Name: s.Table}
}

// chain is the sentence's chain.
func (s Sentence) chain() *nftables.Chain { return &nftables.Chain{Table: s.table(), Name: s.Name} }

// end refuses what is left of a sentence.
func (s Sentence) end(rest []string) error {
	if len(rest) > 0 {
		return say.Err("%q is not understood here", "这里不认识 %q", strings.Join(rest, " "))
	}
	return nil
}

// Sentences are what several lines say, one after the other.
func Sentences(lines [][]string) (all []Sentence, err error) {
	for _, words := range lines {
		said, err := Parse(words)
		if err != nil {
			return nil, err
		}
		all = append(all, said...)
	}
	return all, nil
}
