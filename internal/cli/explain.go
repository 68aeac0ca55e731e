package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nstutor/diag"
	"nstutor/diag/explain"
)

// explain says why a ping is not answered, on any machine.
func (a *app) explain() *cobra.Command {
	var output, from string
	var noProbe bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "explain DEST",
		Short: "Say where and why a packet to DEST dies, and the smallest fix",
		Long: `Follow a ping to DEST and its reply from namespace to namespace, asking the
kernel at every hop, then send one and compare. Nothing is changed.

The exit status is 0 when the ping is answered, 1 when it is not, and 2 when
the question cannot be asked.`,
		Args: oneDestination,
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := explanations[output]
			if !ok {
				return fmt.Errorf("output %q: choose -o text or -o json", output)
			}
			world := explain.NewWorld()
			defer world.Close()
			node, err := world.Open(from)
			if err != nil {
				return fmt.Errorf("--from %s: %w", from, err)
			}
			dest, err := diag.Resolve(cmd.Context(), node.NS, args[0])
			if err != nil {
				return err
			}
			if !dest.Is4() {
				return fmt.Errorf("%s: only IPv4 is explained so far", dest)
			}
			answer, err := explain.Explain(cmd.Context(), world, explain.Request{
				From: node, Dest: dest, Probe: !noProbe, Timeout: timeout,
			})
			if err != nil {
				return err
			}
			if err := write(os.Stdout, answer, a.language("")); err != nil {
				return err
			}
			if answer.Verdict != explain.Delivered {
				return status(exitBroken)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	cmd.Flags().StringVar(&from, "from", "", "where the ping starts: a name under /run/netns, pid:N, or a path (default: here)")
	cmd.Flags().BoolVar(&noProbe, "no-probe", false, "only predict: send nothing, wait for nothing")
	cmd.Flags().DurationVar(&timeout, "timeout", 4*time.Second, "how long to wait for the probe")
	return cmd
}

func oneDestination(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("explain takes one destination, an address or a name; see `nstutor explain --help`")
	}
	if strings.Contains(args[0], "/") {
		if _, err := netip.ParsePrefix(args[0]); err == nil {
			return fmt.Errorf("%q is a prefix; explain takes one address", args[0])
		}
	}
	return nil
}

// explanations are the forms an answer can have.
var explanations = map[string]func(io.Writer, explain.Answer, string) error{
	"text": explainText,
	"json": explainJSON,
}

func explainJSON(w io.Writer, a explain.Answer, _ string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(a)
}

// explainWords are the words around an answer in one language.
type explainWords struct {
	verdict             map[string]string
	request, reply      string
	evidence, fix, next string
	here                string
}

var explainLangs = map[string]explainWords{
	"en": {map[string]string{explain.Delivered: "delivered", explain.Broken: "broken", explain.Undecided: "unknown"},
		"request", "reply", "evidence", "fix", "then still broken", "here"},
	"zh": {map[string]string{explain.Delivered: "通", explain.Broken: "不通", explain.Undecided: "无法判断"},
		"请求", "应答", "依据", "修复", "修好之后还有", "当前命名空间"},
}

// explainText is for people: the verdict, the way there and back, the
// evidence, the fix, and what lies behind it.
func explainText(w io.Writer, a explain.Answer, lang string) error {
	words := explainLangs[lang]
	here := func(netns string) string {
		if netns == "" {
			return words.here
		}
		return netns
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s > %s", words.verdict[a.Verdict], orDash(a.Source), a.Destination)
	if a.Cause.Code != explain.None {
		fmt.Fprintf(&b, ": %s", a.Cause.Code)
		if !a.Cause.Detail.IsZero() {
			fmt.Fprintf(&b, " (%s): %s", here(a.Cause.Netns), a.Cause.Detail)
		}
	}
	b.WriteString("\n")
	leg := ""
	for _, h := range a.Hops {
		if h.Leg != leg {
			leg = h.Leg
			fmt.Fprintf(&b, "\n%s\n", map[string]string{explain.LegRequest: words.request, explain.LegReply: words.reply}[leg])
		}
		fmt.Fprintf(&b, "  %s %-8s %-10s %s\n", marks(h), here(h.Netns), h.Stage, h.Detail)
	}
	section(&b, words.evidence, a.Cause.Evidence)
	var fixes, next []string
	for _, f := range a.Fix {
		fixes = append(fixes, inNetns(f))
	}
	for _, f := range a.Next {
		next = append(next, fmt.Sprintf("%s (%s): %s", f.Code, here(f.Netns), f.Detail))
	}
	section(&b, words.fix, fixes)
	section(&b, words.next, next)
	if a.Probe != nil {
		section(&b, "ping", []string{a.Probe.Message})
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// marks are what was predicted and, where a frame could show it, observed.
func marks(h explain.Hop) string {
	sign := map[string]string{explain.OK: "✓", explain.Fail: "✗", explain.Unknown: "?"}
	if h.Observed == explain.Unknown {
		return sign[h.Predicted] + " "
	}
	return sign[h.Predicted] + sign[h.Observed]
}

func inNetns(f explain.Fix) string {
	if f.Netns == "" {
		return f.Command
	}
	return "ip netns exec " + f.Netns + " " + f.Command
}

func section(b *strings.Builder, heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", heading)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", line)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
