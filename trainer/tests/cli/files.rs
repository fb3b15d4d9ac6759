//! Files to import.

use std::fs;

use crate::program::TestFolder;

/// A plan of two weeks in the calendar-hack form, with distances in miles.
pub(crate) const PLAN: &str = r#"
id: two_weeks
name: Two weeks to ten kilometres
description: Short, but all of it is there.
units: mi
source: nobody's
type: 10K
schedule:
- workouts:
  - title: Rest
  - title: '{3:4.8} run'
    distance: 3
  - title: 5-6 mile easy run {6}
    distance: [5, 6]
  - title: 30 min cross
  - title: Off day
  - title: '{5:8.0} pace'
    distance: 5
  - title: '{8:12.9}'
    distance: 8
- description: Race week
  workouts:
  - title: Rest
  - title: Shakeout {2:3.2}
    distance: 2
  - title: Rest
  - title: |
      4 x 400 m with easy jogs between,
      as relaxed as you can
  - title: Rest
  - title: Rest
  - title: 10K race ({6.2:10})
    distance: 6.2
"#;

/// Two runs at the same time, which are different activities; a walk; and two rows that cannot be taken.
pub(crate) const RUNS: &str = r#"[
{"run_id":7001,"name":"Morning","type":"Run","start_date":"2024-12-04 21:48:15+00:00","start_date_local":"2024-12-05 05:48:15","distance":5014.0,"moving_time":"0:24:53","average_heartrate":161.1,"average_speed":3.358},
{"run_id":7002,"name":"Morning, other watch","type":"Run","start_date":"2024-12-04 21:48:15+00:00","start_date_local":"2024-12-05 05:48:15","distance":5020.0,"moving_time":"0:24:55","average_heartrate":null,"average_speed":3.358},
{"run_id":7003,"name":"With the dog","type":"Walk","start_date":"2024-12-05 21:48:15+00:00","start_date_local":"2024-12-06 05:48:15","distance":3000.0,"moving_time":"0:40:00","average_heartrate":null,"average_speed":1.25},
{"run_id":7004,"name":"Stood still","type":"Run","start_date":"2024-12-06 21:48:15+00:00","start_date_local":"2024-12-07 05:48:15","distance":0.0,"moving_time":"0:24:53","average_heartrate":null,"average_speed":0},
{"run_id":7005,"name":"No time","type":"Run","start_date":"2024-12-07 21:48:15+00:00","start_date_local":"2024-12-08 05:48:15","distance":5014.0,"average_heartrate":null,"average_speed":3.3}
]"#;

/// The list of a Strava export, shortened to the columns that count, the double ones among them.
pub(crate) const EXPORT: &str = r#"Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,Max Heart Rate,Commute,Activity Private Note,Elapsed Time,Moving Time,Distance,Elevation Gain,Max Heart Rate,Average Heart Rate,Perceived Exertion
8001,"Jul 5, 2023, 8:45:34 AM","Morning, wet",Run,"Light rain
and wind",1520,5.21,170,,Legs heavy,1500.0,1490.6,5213.89,35.8,,152.4,8.0
8002,"Jul 6, 2023, 8:45:34 AM",To work,Ride,,1520,5.21,,,,1500.0,1490.6,5213.89,,,,
8003,"Jul 7, 2023, 8:45:34 AM",Broken,Run,,1520,5.21,,,,1500.0,soon,5213.89,,,,
"#;

impl TestFolder {
    /// Writes a file and gives its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.file(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}
