// Calls the sandbox with the generated client, whose types refuse what the description does not allow; prints
// what it received as JSON. Arguments: the sandbox's address and an access token.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"strava_assets_clients/client"
)

// Received counts the parts of the answers.
type Received struct {
	Activities int     `json:"activities"`
	Details    int     `json:"details"`
	Laps       int     `json:"laps"`
	Splits     int     `json:"splits"`
	Efforts    int     `json:"best_efforts"`
	Zones      int     `json:"zones"`
	Kudos      int     `json:"kudos"`
	Comments   int     `json:"comments"`
	Streams    int     `json:"streams"`
	Rides      int     `json:"rides"`
	Clubs      int     `json:"clubs"`
	PowerZones int     `json:"power_zones"`
	BikeM      float32 `json:"bike"`
	Missing    string  `json:"missing"`
}

// answered ends the program where a call failed or its answer was not of the described type.
func answered[Answer any](response Answer, err error, isDecoded func(Answer) bool) Answer {
	if err != nil {
		log.Fatal(err)
	}
	if !isDecoded(response) {
		log.Fatalf("not as described: %+v", response)
	}
	return response
}

func main() {
	ctx := context.Background()
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Args[2])
		return nil
	}
	api, err := client.NewClientWithResponses(os.Args[1], client.WithRequestEditorFn(authorize))
	if err != nil {
		log.Fatal(err)
	}
	var received Received

	me, err := api.GetLoggedInAthleteWithResponse(ctx)
	athlete := answered(me, err, func(r *client.GetLoggedInAthleteResponse) bool { return r.JSON200 != nil }).JSON200
	perPage := 100
	page, err := api.GetLoggedInAthleteActivitiesWithResponse(ctx, &client.GetLoggedInAthleteActivitiesParams{PerPage: &perPage})
	activities := *answered(page, err, func(r *client.GetLoggedInAthleteActivitiesResponse) bool { return r.JSON200 != nil }).JSON200
	received.Activities = len(activities)

	for _, activity := range activities[:30] {
		id := *activity.Id
		one, err := api.GetActivityByIdWithResponse(ctx, id, &client.GetActivityByIdParams{})
		detail := answered(one, err, func(r *client.GetActivityByIdResponse) bool { return r.JSON200 != nil }).JSON200
		received.Details++
		received.Splits += len(*detail.SplitsMetric)
		received.Efforts += len(*detail.BestEfforts)
		laps, err := api.GetLapsByActivityIdWithResponse(ctx, id)
		received.Laps += len(*answered(laps, err, func(r *client.GetLapsByActivityIdResponse) bool { return r.JSON200 != nil }).JSON200)
		zones, err := api.GetZonesByActivityIdWithResponse(ctx, id)
		received.Zones += len(*answered(zones, err, func(r *client.GetZonesByActivityIdResponse) bool { return r.JSON200 != nil }).JSON200)
		kudos, err := api.GetKudoersByActivityIdWithResponse(ctx, id, &client.GetKudoersByActivityIdParams{})
		received.Kudos += len(*answered(kudos, err, func(r *client.GetKudoersByActivityIdResponse) bool { return r.JSON200 != nil }).JSON200)
		comments, err := api.GetCommentsByActivityIdWithResponse(ctx, id, &client.GetCommentsByActivityIdParams{})
		received.Comments += len(*answered(comments, err, func(r *client.GetCommentsByActivityIdResponse) bool { return r.JSON200 != nil }).JSON200)
		if !*activity.Manual {
			keys := []client.GetActivityStreamsParamsKeys{"time", "heartrate", "moving"}
			streams, err := api.GetActivityStreamsWithResponse(ctx, id, &client.GetActivityStreamsParams{Keys: keys, KeyByType: true})
			set := answered(streams, err, func(r *client.GetActivityStreamsResponse) bool { return r.JSON200 != nil }).JSON200
			if len(*set.Time.Data) == len(*set.Moving.Data) {
				received.Streams++
			}
		}
	}

	stats, err := api.GetStatsWithResponse(ctx, *athlete.Id)
	received.Rides = *answered(stats, err, func(r *client.GetStatsResponse) bool { return r.JSON200 != nil }).JSON200.AllRideTotals.Count
	clubs, err := api.GetLoggedInAthleteClubsWithResponse(ctx, &client.GetLoggedInAthleteClubsParams{})
	received.Clubs = len(*answered(clubs, err, func(r *client.GetLoggedInAthleteClubsResponse) bool { return r.JSON200 != nil }).JSON200)
	zones, err := api.GetLoggedInAthleteZonesWithResponse(ctx)
	received.PowerZones = len(*answered(zones, err, func(r *client.GetLoggedInAthleteZonesResponse) bool { return r.JSON200 != nil }).JSON200.Power.Zones)
	bike, err := api.GetGearByIdWithResponse(ctx, *(*athlete.Bikes)[0].Id)
	received.BikeM = *answered(bike, err, func(r *client.GetGearByIdResponse) bool { return r.JSON200 != nil }).JSON200.Distance
	missing, err := api.GetActivityByIdWithResponse(ctx, 1, &client.GetActivityByIdParams{})
	received.Missing = *answered(missing, err, func(r *client.GetActivityByIdResponse) bool { return r.JSONDefault != nil }).JSONDefault.Message

	if err := json.NewEncoder(os.Stdout).Encode(received); err != nil {
		log.Fatal(err)
	}
}
