//! Many statements in one call. Every call to SQLite goes to the connection's own thread and back, which costs
//! more than the statement itself; a commit's changes therefore travel together, and what each of them hit is
//! checked afterwards. A change that hit nothing fails the transaction, so that the ones behind it do not matter.
//!
//! Several statements in one prepared text are a speciality of the SQLite driver. Texts are made of constants
//! alone, and commits have few shapes, so the connection keeps them prepared like any other statement.

use std::fmt::Write as _;

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Encode, Executor, Sqlite, SqliteConnection, Type};

use crate::conn::Sql;
use crate::error::StoreError;
use crate::lite::Bell;

/// Statements that travel together; more of them go in several calls, to keep the number of shapes small.
const LONGEST: usize = 12;

/// What a whole transaction needs on its connection: a row that cannot be written when the statement before hit
/// nothing. SQLite stops there, so that the commit behind it is never reached.
pub(crate) const GUARD_TABLE: &str =
    "CREATE TEMP TABLE IF NOT EXISTS adjutant_guard (id INTEGER PRIMARY KEY, hit INTEGER NOT NULL CHECK (hit > 0))";
const GUARD: &str = "INSERT OR REPLACE INTO temp.adjutant_guard VALUES (1, changes());\n";

/// Statements that wait to be sent.
#[derive(Default)]
pub(crate) struct Script {
    /// The script is a transaction of its own, from `BEGIN` to `COMMIT`: expectations are guarded by the database.
    whole: bool,
    text: String,
    arguments: SqliteArguments,
    /// How many arguments the statements before the current one have.
    base: usize,
    steps: Vec<Step>,
    /// The first argument that could not be encoded.
    broken: Option<StoreError>,
}

struct Step {
    table: &'static str,
    expected: Expected,
}

/// What one statement did.
#[derive(Default)]
pub(crate) struct Done {
    /// Rows it returned.
    pub rows: Vec<SqliteRow>,
    /// Rows it changed.
    pub changed: u64,
}

/// Why a script was not carried out.
pub(crate) enum Broken {
    /// One of its statements did not do what was expected, or failed.
    Statement(StoreError),
    /// The transaction could not begin or not be made durable.
    Transaction(StoreError),
}

/// What a statement must do, and what it means when it does not.
pub(crate) enum Expected {
    Anything,
    /// Change a row.
    Change(StoreError),
    /// Return a row.
    Row(StoreError),
    /// Pass: the guard behind a statement that must hit something.
    Guard(StoreError),
    /// Begin or commit.
    Transaction,
}

impl Script {
    /// A script that is a transaction of its own and goes to the database in one call.
    pub(crate) fn transaction() -> Self {
        let steps = vec![Step { table: "database", expected: Expected::Transaction }];
        Self { whole: true, text: "BEGIN IMMEDIATE;\n".to_owned(), steps, ..Self::default() }
    }

    /// Adds a statement; its arguments follow with [`Script::bind`].
    pub(crate) fn add(&mut self, sql: &Sql, expected: Expected) {
        match expected {
            Expected::Change(error) if self.whole => {
                self.write(sql, "", ";\n", Expected::Anything);
                self.text.push_str(GUARD);
                self.steps.push(Step { table: sql.table, expected: Expected::Guard(error) });
            }
            Expected::Row(error) if self.whole => {
                let guard = "INSERT OR REPLACE INTO temp.adjutant_guard VALUES (1, EXISTS (";
                self.write(sql, guard, "));\n", Expected::Guard(error));
            }
            expected => self.write(sql, "", ";\n", expected),
        }
    }

    fn write(&mut self, sql: &Sql, before: &str, behind: &str, expected: Expected) {
        self.base = self.arguments.len();
        self.steps.push(Step { table: sql.table, expected });
        self.text.push_str(before);
        let mut pieces = sql.lite.split('$');
        self.text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            match piece[..digits].parse::<usize>() {
                // Writing to a string cannot fail.
                Ok(number) => drop(write!(self.text, "${}", self.base + number)),
                Err(_) => self.text.push('$'),
            }
            self.text.push_str(&piece[digits..]);
        }
        self.text.push_str(behind);
    }

    pub(crate) fn bind<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) {
        if self.arguments.add(value).is_err() {
            let table = self.steps.last().map_or("database", |step| step.table);
            self.broken = Some(StoreError::Refused { table, reason: "a value cannot be stored".to_owned() });
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.steps.len() >= LONGEST
    }

    /// Whether every argument could be encoded.
    pub(crate) const fn is_sound(&self) -> bool {
        self.broken.is_none()
    }

    /// Carries out a [`Script::transaction`]: what each of its statements did, `BEGIN` and guards included. After an
    /// error the transaction must be rolled back.
    ///
    /// # Errors
    /// See [`Broken`].
    pub(crate) async fn carry_out(mut self, conn: &mut SqliteConnection, bell: &Bell) -> Result<Vec<Done>, Broken> {
        self.text.push_str("COMMIT;\n");
        self.steps.push(Step { table: "database", expected: Expected::Transaction });
        let mut steps = self.steps.into_iter();
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.arguments);
        let mut results = conn.fetch_many(query);
        let mut first = bell.wait(&mut results).await;
        let (mut all, mut current) = (Vec::with_capacity(steps.len()), Done::default());
        loop {
            let next = match first.take() {
                Some(first) => first.map(Some),
                None => results.try_next().await,
            };
            match next {
                Ok(None) => return Ok(all),
                Ok(Some(Either::Right(row))) => current.rows.push(row),
                Ok(Some(Either::Left(done))) => {
                    drop(steps.next());
                    all.push(Done { changed: done.rows_affected(), ..std::mem::take(&mut current) });
                }
                Err(error) => {
                    return Err(match steps.next() {
                        Some(step) => step.broken(error),
                        None => unknown(&error),
                    });
                }
            }
        }
    }

    /// Sends what was added, and starts anew: what each statement did.
    ///
    /// # Errors
    /// That of the first statement that did not do what was expected. The transaction must be rolled back then.
    pub(crate) async fn send(&mut self, conn: &mut SqliteConnection) -> Result<Vec<Done>, StoreError> {
        let script = std::mem::take(self);
        if let Some(error) = script.broken {
            return Err(error);
        }
        if script.steps.is_empty() {
            return Ok(Vec::new());
        }
        let mut steps = script.steps.into_iter();
        let query = sqlx::query_with(AssertSqlSafe(script.text), script.arguments);
        let mut results = conn.fetch_many(query);
        let (mut all, mut current) = (Vec::with_capacity(steps.len()), Done::default());
        let mut table = "database";
        loop {
            let step = steps.as_slice().first();
            table = step.map_or(table, |step| step.table);
            match results.try_next().await.map_err(|error| StoreError::from_sqlx(table, error))? {
                None => return Ok(all),
                Some(Either::Right(row)) => current.rows.push(row),
                Some(Either::Left(done)) => {
                    let done = Done { changed: done.rows_affected(), ..std::mem::take(&mut current) };
                    if let Some(step) = steps.next() {
                        step.check(&done)?;
                    }
                    all.push(done);
                }
            }
        }
    }
}

fn unknown(error: &sqlx::Error) -> Broken {
    Broken::Transaction(StoreError::Refused { table: "database", reason: error.to_string() })
}

impl Step {
    fn broken(self, error: sqlx::Error) -> Broken {
        let is_guard = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_check_violation);
        match self.expected {
            Expected::Guard(expected) if is_guard => Broken::Statement(expected),
            Expected::Transaction => Broken::Transaction(StoreError::from_sqlx(self.table, error)),
            _ => Broken::Statement(StoreError::from_sqlx(self.table, error)),
        }
    }

    fn check(self, done: &Done) -> Result<(), StoreError> {
        match self.expected {
            Expected::Change(error) if done.changed == 0 => Err(error),
            Expected::Row(error) if done.rows.is_empty() => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Sql = Sql { table: "t", lite: "UPDATE t SET a = $2, b = '$.x' WHERE id = $1", pg: "" };

    #[test]
    fn every_statement_has_its_own_arguments() {
        let mut script = Script::default();
        for n in 0..2_i64 {
            script.add(&ONE, Expected::Anything);
            script.bind(n);
            script.bind("text");
        }
        let expected = "UPDATE t SET a = $2, b = '$.x' WHERE id = $1;\nUPDATE t SET a = $4, b = '$.x' WHERE id = $3;\n";
        assert_eq!(script.text, expected);
        assert_eq!(script.arguments.len(), 4);
    }
}
