// Command flagd asks flagd's own evaluator, for many keys, into which bucket of some flags each of them falls, and writes
// down what it says. README.md tells how to run it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"

	"github.com/open-feature/flagd/core/pkg/evaluator"
	"github.com/open-feature/flagd/core/pkg/logger"
	"github.com/open-feature/flagd/core/pkg/store"
	"github.com/open-feature/flagd/core/pkg/sync"
	"go.uber.org/zap"
)

// How many keys there are. From firstUnicode on they hold characters beyond ASCII.
const (
	keyCount     = 10_000
	firstUnicode = 8_000
)

// Words of 2, 3 and 4 bytes for each character, a mark that combines, and one that is written from right to left.
var words = []string{"zoë", "größe", "пользователь", "用户", "ユーザー", "𝛼𝛽", "🦊", "e\u0301te\u0301", "مستخدم", "ñ"}

var plans = []string{"gold", "silver", "none"}

// keyAt is repeated in fractional.test.ts: both must name the same keys.
func keyAt(index int, drawn uint32) string {
	if index >= firstUnicode {
		return fmt.Sprintf("%s-%x", words[index%len(words)], drawn)
	}
	switch index % 4 {
	case 0:
		return fmt.Sprintf("user-%d", index)
	case 1:
		return fmt.Sprintf("%08x-%08x", drawn, drawn^0x5bd1e995)
	case 2:
		return fmt.Sprint(drawn)
	default:
		return fmt.Sprintf("%x@example.com", drawn)
	}
}

func contextAt(index int, key string) map[string]any {
	return map[string]any{
		"targetingKey": key,
		"email":        key + "@example.org",
		"plan":         plans[index%len(plans)],
		"company":      map[string]any{"id": fmt.Sprintf("%s/%d", key, index%7)},
	}
}

func main() {
	definitions, err := os.ReadFile("flags.json")
	if err != nil {
		log.Fatal(err)
	}
	silent := logger.NewLogger(zap.NewNop(), false)
	flags, err := store.NewStore(silent, []string{"flags"})
	if err != nil {
		log.Fatal(err)
	}
	flagd := evaluator.NewJSON(silent, flags)
	if err := flagd.SetState(sync.DataSync{FlagData: string(definitions), Source: "flags"}); err != nil {
		log.Fatal(err)
	}
	output, err := os.Create("buckets.txt")
	if err != nil {
		log.Fatal(err)
	}
	writer := bufio.NewWriter(output)
	for _, name := range namesIn(definitions) {
		fmt.Fprintf(writer, "%s ", name)
		drawn := uint32(1)
		for index := range keyCount {
			drawn = drawn*1664525 + 1013904223
			answer := flagd.ResolveAsAnyValue(context.Background(), "", name, contextAt(index, keyAt(index, drawn)))
			if answer.Error != nil {
				log.Fatalf("%s for key %d: %v", name, index, answer.Error)
			}
			fmt.Fprint(writer, answer.Variant)
		}
		fmt.Fprintln(writer)
	}
	if err := writer.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := output.Close(); err != nil {
		log.Fatal(err)
	}
}

func namesIn(definitions []byte) []string {
	var document struct{ Flags map[string]json.RawMessage }
	if err := json.Unmarshal(definitions, &document); err != nil {
		log.Fatal(err)
	}
	var names []string
	for name := range document.Flags {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
