CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE people (
	id VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (email)
);
CREATE TABLE spaces (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE documents (
	id VARCHAR NOT NULL, 
	space_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	live_version_id INTEGER, 
	created_at DATETIME NOT NULL, 
	deleted_at DATETIME, title VARCHAR, owner VARCHAR, valid_until DATE, revision INTEGER DEFAULT '0' NOT NULL, last_number INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(space_id) REFERENCES spaces (id), 
	UNIQUE (live_version_id)
);
CREATE TABLE document_versions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	document_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	media_type VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	text TEXT, 
	pages INTEGER, 
	chunks INTEGER NOT NULL, 
	embedding_model VARCHAR, 
	status VARCHAR NOT NULL, 
	error VARCHAR, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	starts INTEGER NOT NULL, 
	worker VARCHAR, 
	uploaded_by VARCHAR NOT NULL, 
	uploaded_at DATETIME NOT NULL, 
	ready_at DATETIME, beat INTEGER DEFAULT '0' NOT NULL, stage_started_at DATETIME, stage_from INTEGER DEFAULT '0' NOT NULL, finished_seq INTEGER, run_id INTEGER, note VARCHAR, 
	UNIQUE (document_id, number), 
	FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);
CREATE TABLE version_pages (
	version_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	number INTEGER, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, label VARCHAR, origin VARCHAR DEFAULT 'text' NOT NULL, 
	PRIMARY KEY (version_id, position), 
	FOREIGN KEY(version_id) REFERENCES document_versions (id) ON DELETE CASCADE
);
CREATE TABLE chunks (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	version_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	page_from INTEGER, 
	page_to INTEGER, 
	title VARCHAR NOT NULL, 
	heading VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	embedding BLOB, 
	UNIQUE (version_id, number), 
	FOREIGN KEY(version_id) REFERENCES document_versions (id) ON DELETE CASCADE
);
CREATE TABLE index_removals (
	id INTEGER NOT NULL, 
	version_id INTEGER NOT NULL, 
	document_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	space_id VARCHAR NOT NULL, 
	chunks INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (version_id)
);
CREATE TABLE index_generations (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	space_id VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	collection VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, removed INTEGER DEFAULT '0' NOT NULL, 
	UNIQUE (space_id, model, number), 
	FOREIGN KEY(space_id) REFERENCES spaces (id) ON DELETE CASCADE, 
	UNIQUE (collection)
);
CREATE VIRTUAL TABLE chunks_fts USING fts5(title, heading, text, content='chunks', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO chunks_fts(chunks_fts, rank) VALUES('rank', 'bm25(5.0, 2.0, 1.0)');
CREATE VIRTUAL TABLE chunks_vocabulary USING fts5vocab('chunks_fts', 'row');
CREATE TABLE knowledge_state (
	id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	documents_added INTEGER NOT NULL, embedder VARCHAR DEFAULT 'all-MiniLM-L6-v2' NOT NULL, embedder_wanted VARCHAR, embedder_problem VARCHAR, finished_seq INTEGER DEFAULT '0' NOT NULL, index_state VARCHAR DEFAULT '' NOT NULL, index_told VARCHAR, worker_term INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE conversations (
	id VARCHAR NOT NULL, 
	person_id VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	deleted_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE CASCADE
);
CREATE TABLE turns (
	id VARCHAR NOT NULL, 
	conversation_id VARCHAR NOT NULL, 
	seq INTEGER NOT NULL, 
	question VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	answer VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	"plan" JSON, 
	answerable DOUBLE, 
	abstained BOOLEAN NOT NULL, 
	nearest JSON NOT NULL, 
	steps JSON NOT NULL, 
	provider VARCHAR NOT NULL, 
	model VARCHAR, 
	requests INTEGER NOT NULL, 
	input_tokens INTEGER NOT NULL, 
	output_tokens INTEGER NOT NULL, 
	tool_calls INTEGER NOT NULL, 
	cost VARCHAR, 
	usage_estimated BOOLEAN NOT NULL, 
	plan_ms DOUBLE, 
	retrieve_ms DOUBLE, 
	first_token_ms DOUBLE, 
	total_ms DOUBLE, 
	error JSON, 
	owner_pid INTEGER NOT NULL, 
	owner_started DOUBLE NOT NULL, parameters JSON, auto BOOLEAN DEFAULT 0 NOT NULL, reasoning VARCHAR DEFAULT '' NOT NULL, reasoning_tokens INTEGER DEFAULT '0' NOT NULL, cached_tokens INTEGER DEFAULT '0' NOT NULL, fell_back JSON, route_by_person BOOLEAN DEFAULT 0 NOT NULL, pending JSON DEFAULT '[]' NOT NULL, messages VARCHAR, support JSON DEFAULT '[]' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (conversation_id, seq), 
	FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
CREATE TABLE citations (
	turn_id VARCHAR NOT NULL, 
	n INTEGER NOT NULL, 
	document_id VARCHAR NOT NULL, 
	document VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	chunk_id VARCHAR NOT NULL, 
	page INTEGER, 
	quote VARCHAR NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	heading_path JSON NOT NULL, page_label VARCHAR, 
	PRIMARY KEY (turn_id, n), 
	FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE
);
CREATE TABLE preferences (
	name VARCHAR NOT NULL, 
	value JSON NOT NULL, 
	revision INTEGER NOT NULL, 
	changed_at DATETIME NOT NULL, 
	changed_by VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE usage_records (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	person_id VARCHAR NOT NULL, 
	conversation_id VARCHAR NOT NULL, 
	turn_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	purpose VARCHAR NOT NULL, 
	provider VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	requests INTEGER NOT NULL, 
	input_tokens INTEGER NOT NULL, 
	output_tokens INTEGER NOT NULL, 
	reasoning_tokens INTEGER NOT NULL, 
	cached_tokens INTEGER NOT NULL, 
	tool_calls INTEGER NOT NULL, 
	cost VARCHAR, 
	estimated BOOLEAN NOT NULL, 
	UNIQUE (turn_id, number)
);
CREATE TABLE route_examples (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	text VARCHAR NOT NULL, 
	route VARCHAR NOT NULL, 
	person_id VARCHAR NOT NULL, 
	turn_id VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	UNIQUE (turn_id)
);
CREATE TABLE embeddings (
	chunk_id INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	vector BLOB NOT NULL, 
	PRIMARY KEY (chunk_id, model), 
	FOREIGN KEY(chunk_id) REFERENCES chunks (id) ON DELETE CASCADE
);
CREATE TABLE document_tags (
	document_id VARCHAR NOT NULL, 
	tag VARCHAR NOT NULL, 
	PRIMARY KEY (document_id, tag), 
	FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);
CREATE TABLE ocr_texts (
	version_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (version_id, position), 
	FOREIGN KEY(version_id) REFERENCES document_versions (id) ON DELETE CASCADE
);
CREATE TABLE document_secrets (
	version_id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	PRIMARY KEY (version_id), 
	FOREIGN KEY(version_id) REFERENCES document_versions (id) ON DELETE CASCADE
);
CREATE TABLE index_moves (
	id INTEGER NOT NULL, 
	version_id INTEGER NOT NULL, 
	document_id VARCHAR NOT NULL, 
	from_space VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (version_id)
);
CREATE TABLE index_runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	asked_by VARCHAR NOT NULL, 
	asked_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	total INTEGER DEFAULT '0' NOT NULL, 
	error VARCHAR
);
CREATE TABLE watched_folders (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	path VARCHAR NOT NULL, 
	space_id VARCHAR NOT NULL, 
	added_by VARCHAR NOT NULL, 
	watched BOOLEAN DEFAULT '1' NOT NULL, 
	looked_at DATETIME, 
	problem VARCHAR, 
	UNIQUE (path), 
	FOREIGN KEY(space_id) REFERENCES spaces (id) ON DELETE CASCADE
);
CREATE TABLE synced_files (
	folder_id INTEGER NOT NULL, 
	path VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	mtime_ns INTEGER NOT NULL, 
	document_id VARCHAR NOT NULL, 
	PRIMARY KEY (folder_id, path), 
	FOREIGN KEY(folder_id) REFERENCES watched_folders (id) ON DELETE CASCADE
);
CREATE TABLE deletions (
	document_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	asked_by VARCHAR NOT NULL, 
	asked_at DATETIME NOT NULL, 
	traces JSON NOT NULL, 
	proven_at DATETIME, 
	PRIMARY KEY (document_id)
);
CREATE TABLE audit_log (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	person_id VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	details JSON, 
	previous BLOB NOT NULL, 
	digest BLOB NOT NULL
);
CREATE TABLE suspects (
	version_id INTEGER NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	score DOUBLE NOT NULL, 
	released_at DATETIME, 
	released_by VARCHAR, 
	PRIMARY KEY (version_id, start), 
	FOREIGN KEY(version_id) REFERENCES document_versions (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_documents_space_name ON documents (space_id, name) WHERE deleted_at IS NULL;
CREATE INDEX ix_documents_deleted_at ON documents (deleted_at);
CREATE INDEX ix_document_versions_status ON document_versions (status);
CREATE INDEX ix_document_versions_sha256 ON document_versions (sha256);
CREATE INDEX ix_conversations_person_updated ON conversations (person_id, updated_at);
CREATE INDEX ix_turns_status ON turns (status);
CREATE INDEX ix_citations_document_id ON citations (document_id);
CREATE INDEX ix_usage_records_at ON usage_records (at);
CREATE INDEX ix_usage_records_conversation_id ON usage_records (conversation_id);
CREATE INDEX ix_document_versions_finished_seq ON document_versions (finished_seq);
CREATE INDEX ix_document_versions_listed ON document_versions (document_id, run_id, number, status, uploaded_at, size);
CREATE INDEX ix_document_versions_run_id ON document_versions (run_id);
CREATE INDEX ix_document_tags_tag ON document_tags (tag);
CREATE INDEX ix_index_runs_state ON index_runs (state);
CREATE TRIGGER chunks_added AFTER INSERT ON chunks BEGIN INSERT INTO chunks_fts(rowid, title, heading, text) VALUES (new.id, new.title, new.heading, new.text); END;
CREATE TRIGGER chunks_removed AFTER DELETE ON chunks BEGIN INSERT INTO chunks_fts(chunks_fts, rowid, title, heading, text) VALUES ('delete', old.id, old.title, old.heading, old.text); END;
CREATE TRIGGER usage_records_no_update BEFORE UPDATE ON usage_records BEGIN SELECT RAISE(ABORT, 'usage_records is append-only'); END;
CREATE TRIGGER usage_records_no_delete BEFORE DELETE ON usage_records BEGIN SELECT RAISE(ABORT, 'usage_records is append-only'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
INSERT INTO alembic_version VALUES ('0007');
INSERT INTO people VALUES ('ann', 'ann@example.com', 'Ann', 'kb_admin', '2026-11-01 08:00:00');
INSERT INTO spaces VALUES ('general', 'general', '2026-11-01 08:00:00');
INSERT INTO documents VALUES ('d', 'general', 'leave.md', 1, '2026-11-01 09:00:00', NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO document_versions VALUES (1, 'd', 1, 'leave.md', 'ab', 'text/markdown', 38, 'Leave', 'Employees get 31 days of annual leave.', NULL, 1, 'all-MiniLM-L6-v2', 'ready', NULL, 1, 1, 1, 1, NULL, 'ann@example.com', '2026-11-01 09:00:00', '2026-11-01 09:00:05', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO version_pages VALUES (1, 0, NULL, 0, 38, NULL, 'text');
INSERT INTO chunks VALUES (1, 1, 0, 0, 38, NULL, NULL, 'Leave', 'Annual leave', 'Employees get 31 days of annual leave.', X'00', X'3132');
INSERT INTO index_generations VALUES (1, 'general', 'all-MiniLM-L6-v2', 1, 'kb-1', 'live', '2026-11-01 09:00:00', 0);
INSERT INTO knowledge_state VALUES (1, 1, 1, 'all-MiniLM-L6-v2', NULL, NULL, 0, '', NULL, 0);
INSERT INTO conversations VALUES ('c', 'ann', 'Leave', '2026-11-01 10:00:00', '2026-11-01 10:00:00', NULL);
INSERT INTO turns VALUES ('t', 'c', 1, 'How much leave?', 'complete', '31 days [1]', '2026-11-01 10:00:00', '2026-11-01 10:00:01', NULL, 0.9, 0, '[]', '[]', 'offline', 'quotes', 0, 0, 0, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, 1, 1.0, NULL, 0, '', 0, 0, NULL, 0, '[]', NULL, '[{"start": 0, "end": 7, "score": 1.0, "n": 1, "found": true}]');
INSERT INTO citations VALUES ('t', 1, 'd', 'leave.md', 1, 'd:1:0', NULL, 'Employees get 31 days of annual leave.', 0, 38, '["Annual leave"]', NULL);
INSERT INTO preferences VALUES ('models', '{}', 1, '2026-11-01 10:00:00', 'ann');
INSERT INTO usage_records VALUES (1, '2026-11-01 10:00:01', 'ann', 'c', 't', 1, 'answer', 'openai', 'm', 1, 9, 9, 0, 0, 0, '0.1', 0);
INSERT INTO embeddings VALUES (1, 'server/model', X'3334');
INSERT INTO document_tags VALUES ('d', 'hr');
INSERT INTO ocr_texts VALUES (1, 0, 'Employees get 31 days of annual leave.');
INSERT INTO document_secrets VALUES (1, X'3334');
INSERT INTO index_moves VALUES (1, 1, 'd', 'general', '2026-11-01 10:00:00');
INSERT INTO index_runs VALUES (1, 'reindex', 'done', 'ann', '2026-11-01 10:00:00', NULL, 1, NULL);
INSERT INTO watched_folders VALUES (1, '/srv/hr', 'general', 'ann', 1, NULL, NULL);
INSERT INTO synced_files VALUES (1, 'leave.md', 'ab', 38, 1, 'd');
INSERT INTO deletions VALUES ('e', 'old.md', 'ann', '2026-11-01 10:00:00', '{}', NULL);
INSERT INTO audit_log VALUES (1, '2026-11-01 10:00:00', 'ann', 'delete', 'e', NULL, X'00', X'01');
INSERT INTO suspects VALUES (1, 0, 9, 'Ignore it', X'01', 0.9, NULL, NULL);
