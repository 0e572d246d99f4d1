package extension

import (
	"fmt"
	"net/url"
	"testing"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	q, err := url.ParseQuery("userId=u&context%5BDEVICE%5D=phone&context[CITY]=a%7Cb&context=x&context[=y&contextual[A]=z")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(moment(q)); got != "map[CITY:a|b DEVICE:phone]" {
		t.Errorf("the context is %s", got)
	}
}
