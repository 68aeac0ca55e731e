package iptables

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	program "github.com/coreos/go-iptables/iptables"

	"nstutor/internal/say"
)

// lockSeconds is how long the program waits for others that are at work.
const lockSeconds = 10

// programs are the programs of iptables that were asked for their version, by their path.
var programs sync.Map

// programAt is the program of iptables with that path.
func programAt(path string) (*program.IPTables, error) {
	if p, ok := programs.Load(path); ok {
		return p.(*program.IPTables), nil
	}
	p, err := program.New(program.Path(path), program.Timeout(lockSeconds))
	if err == nil {
		programs.Store(path, p)
	}
	return p, err
}

// Run has a program of iptables do a line, in the calling thread's namespace.
func Run(path string, line []string) error {
	table, verb, chain, rest, err := Words(line)
	if err != nil {
		return err
	}
	do, ok := commands[verb]
	if !ok {
		return say.Err("%q is not understood here", "这里不认识 %q", verb)
	}
	p, err := programAt(path)
	if err != nil {
		return err
	}
	return do(p, table, chain, rest)
}

// commands are the commands of iptables(8), each with the words behind its chain.
var commands = map[string]func(p *program.IPTables, table, chain string, rest []string) error{
	"-A": func(p *program.IPTables, table, chain string, rest []string) error {
		return p.Append(table, chain, rest...)
	},
	"-D": func(p *program.IPTables, table, chain string, rest []string) error {
		return p.Delete(table, chain, rest...)
	},
	"-I": func(p *program.IPTables, table, chain string, rest []string) error {
		at, rest := place(rest)
		return p.Insert(table, chain, at, rest...)
	},
	"-R": func(p *program.IPTables, table, chain string, rest []string) error {
		at, rest := place(rest)
		return p.Replace(table, chain, at, rest...)
	},
	"-N": func(p *program.IPTables, table, chain string, _ []string) error { return p.NewChain(table, chain) },
	"-X": func(p *program.IPTables, table, chain string, _ []string) error { return p.DeleteChain(table, chain) },
	"-F": flushChain,
	"-P": func(p *program.IPTables, table, chain string, rest []string) error {
		if len(rest) != 1 {
			return say.Err("%s what?", "%s 后面缺少内容", chain)
		}
		return p.ChangePolicy(table, chain, rest[0])
	},
}

// place is where in its chain a rule goes, the first where nothing is said.
func place(rest []string) (int, []string) {
	if len(rest) > 0 {
		if at, err := strconv.Atoi(rest[0]); err == nil {
			return at, rest[1:]
		}
	}
	return 1, rest
}

// flushChain empties a chain that is there: ClearChain alone would make it.
func flushChain(p *program.IPTables, table, chain string, _ []string) error {
	there, err := p.ChainExists(table, chain)
	if err != nil {
		return err
	}
	if !there {
		return say.Err("No chain/target/match by that name: the table %s has no chain %s", "No chain/target/match by that name：%s 表里没有链 %s", table, chain)
	}
	return p.ClearChain(table, chain)
}

// StartsProgram finds the word by which iptables is told a program to start, -M or
// --modprobe, however it is abbreviated or joined with others: a line may be a
// stranger's.
func StartsProgram(words []string) (word string, ok bool) {
	i := slices.IndexFunc(words, func(word string) bool {
		long, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(word, "--") {
			return len(long) > len("--m") && strings.HasPrefix("--modprobe", long)
		}
		return strings.HasPrefix(word, "-") && strings.Contains(word, "M")
	})
	if i < 0 {
		return "", false
	}
	return words[i], true
}

// CanName reports whether iptables can be told the name of a device: a +
// at the end is any end (xtables_parse_interface()), and a ! alone turns around
// what follows it.
func CanName(name string) bool { return name != "!" && !strings.HasSuffix(name, "+") }
