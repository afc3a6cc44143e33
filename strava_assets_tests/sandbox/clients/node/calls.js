// Every call of the Node client that the sandbox serves; prints what it received as JSON.
const strava = require('strava-v3')

strava.config({
  client_id: '12345',
  client_secret: 'sandbox-secret',
  redirect_uri: 'http://localhost/exchange',
  access_token: 'none yet'
})

async function main () {
  const token = await strava.oauth.refreshToken('sandbox-refresh')
  const client = new strava.client(token.access_token)
  const athlete = await client.athlete.get({})
  const activities = await client.athlete.listActivities({ per_page: 200, page: 1 })
  const counted = { activities: activities.length, laps: 0, zones: 0, streams: 0, kudos: 0, comments: 0 }
  for (const activity of activities.slice(0, 12)) {
    const id = activity.id
    const detail = await client.activities.get({ id })
    if (String(detail.id) !== String(id)) throw new Error(`asked for ${id}, received ${detail.id}`)
    counted.laps += (await client.activities.listLaps({ id })).length
    counted.zones += (await client.activities.listZones({ id })).length
    counted.kudos += (await client.activities.listKudoers({ id })).length
    counted.comments += (await client.activities.listComments({ id })).length
    if (!activity.manual) {
      const keys = ['time', 'watts', 'heartrate']
      const streams = await client.streams.activity({ id, keys, key_by_type: true, resolution: 'low' })
      counted.streams += Object.values(streams).filter(stream => stream.data.length <= 100).length
    }
  }
  const stats = await client.athletes.stats({ id: athlete.id })
  counted.rides = stats.all_ride_totals.count
  counted.clubs = (await client.athlete.listClubs({})).length
  counted.power_zones = (await client.athlete.listZones({})).power.zones.length
  counted.bike = (await client.gear.get({ id: athlete.bikes[0].id })).distance
  counted.missing = await client.activities.get({ id: 1 }).catch(error => error.data || error.message)
  counted.read_limit = strava.rateLimiting.readShortTermLimit
  console.log(JSON.stringify(counted))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
